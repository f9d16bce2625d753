//! An S3 on a port of its own.

use hyper_util::rt::{TokioExecutor, TokioIo};
use objects::test_support::{Trouble, troubled};
use objects::{Config, Credentials, Objects};
use tokio::net::TcpListener;

const BUCKET: &str = "tests";
const USER: &str = "a-tests-user";
const SECRET: &str = "a-tests-secret-of-the-store";

/// An S3 in a folder of its own, which remembers what was written how and can be slow, full, or let nobody write. It ends with the
/// test's process, and outlives platforms that use it.
pub struct S3 {
    /// What is in it.
    pub objects: Objects,
    /// What it suffers from.
    pub trouble: Trouble,
    endpoint: String,
    _dir: tempfile::TempDir,
}

impl S3 {
    /// Listens, and makes the bucket.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let trouble = Trouble::default();
        let service = troubled(dir.path(), USER, SECRET, &trouble).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
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
        // The client of a store wants to know which one, and an earlier test may have said so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let objects = Objects::open(Config::S3 {
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.clone()),
            credentials: Credentials {
                access_key_id: USER.to_owned(),
                secret_access_key: SECRET.to_owned(),
                session_token: None,
            },
        });
        objects.make_bucket().await.unwrap();
        Self {
            objects,
            trouble,
            endpoint,
            _dir: dir,
        }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What a platform is told of it.
    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("S3_BUCKET", BUCKET),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ACCESS_KEY_ID", USER),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]
    }

    /// How often something was written whose key has this in it.
    pub fn writes(&self, part: &str) -> usize {
        let written = self.trouble.written();
        written.iter().filter(|it| it.path.contains(part)).count()
    }
}
