//! An S3 on a port of its own, which remembers what was written how.

use hyper_util::rt::{TokioExecutor, TokioIo};
use objects::test_support::{Trouble, troubled};
use objects::{Config, Credentials, Objects};
use tokio::net::TcpListener;

const BUCKET: &str = "streams-test";
const USER: &str = "someone";
const SECRET: &str = "a secret";

pub struct S3 {
    endpoint: String,
    pub trouble: Trouble,
    _dir: tempfile::TempDir,
}

impl S3 {
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
            endpoint,
            trouble,
            _dir: dir,
        }
    }

    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("S3_BUCKET", BUCKET),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ACCESS_KEY_ID", USER),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]
    }
}
