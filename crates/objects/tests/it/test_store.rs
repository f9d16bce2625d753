//! Stores to try.

use std::path::Path;

use hyper_util::rt::{TokioExecutor, TokioIo};
use objects::{Config, Credentials, Objects};
use tokio::net::TcpListener;

/// A store, and what it needs to live.
pub struct TestStore {
    pub objects: Objects,
    /// Put before keys, where the store is not ours alone.
    pub prefix: String,
    /// Whether it knows when an upload began: moto gives each the same day of 2010.
    pub dates_uploads: bool,
    /// Whether it refuses what is not signed as it should be: moto takes everything.
    pub checks_signatures: bool,
    _dir: tempfile::TempDir,
}

impl TestStore {
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

pub fn embedded(dir: &Path) -> Objects {
    Objects::open(Config::Embedded {
        dir: dir.to_owned(),
    })
}

pub fn embedded_store() -> TestStore {
    let dir = tempfile::tempdir().unwrap();
    TestStore {
        objects: embedded(dir.path()),
        prefix: String::new(),
        dates_uploads: true,
        checks_signatures: true,
        _dir: dir,
    }
}

pub fn remote(endpoint: &str, secret: &str) -> Objects {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Objects::open(Config::S3 {
        bucket: "trunkline".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        credentials: Credentials {
            access_key_id: "someone".to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        },
    })
}

/// Serves a folder on a port and says where.
pub async fn serve(dir: &Path) -> String {
    let service = objects::test_support::service(dir, "someone", "a secret").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                hyper_util::server::conn::auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(socket), service)
                    .await
            });
        }
    });
    format!("http://{address}")
}

pub async fn socket() -> TestStore {
    let dir = tempfile::tempdir().unwrap();
    let objects = remote(&serve(dir.path()).await, "a secret");
    objects.make_bucket().await.unwrap();
    TestStore {
        objects,
        prefix: String::new(),
        dates_uploads: true,
        checks_signatures: true,
        _dir: dir,
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).ok()
}

/// moto, or another S3. A suite that does nothing without it would look as if it had passed.
pub async fn elsewhere() -> TestStore {
    other_make("S3_TEST_URL", false).await
}

/// SeaweedFS, or another S3 that dates uploads and checks signatures.
pub async fn second_elsewhere() -> TestStore {
    other_make("S3_SECOND_TEST_URL", true).await
}

async fn other_make(name: &str, is_strict: bool) -> TestStore {
    let endpoint = variable(name).unwrap_or_else(|| {
        panic!(
            "{name} is not set: run the tests by `make test` or `scripts/services.sh run cargo test ..`, which start an S3, \
             or name one of your own"
        )
    });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let or = |name, otherwise: &str| variable(name).unwrap_or_else(|| otherwise.to_owned());
    let objects = Objects::open(Config::S3 {
        bucket: or("S3_BUCKET", "trunkline-test"),
        region: or("AWS_REGION", "us-east-1"),
        endpoint: Some(endpoint),
        credentials: Credentials {
            access_key_id: or("AWS_ACCESS_KEY_ID", "someone"),
            secret_access_key: or("AWS_SECRET_ACCESS_KEY", "a secret"),
            session_token: variable("AWS_SESSION_TOKEN"),
        },
    });
    objects.make_bucket().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().file_name().unwrap().to_string_lossy();
    TestStore {
        objects,
        prefix: format!("test{}/", name.replace('.', "")),
        dates_uploads: is_strict,
        checks_signatures: is_strict,
        _dir: dir,
    }
}
