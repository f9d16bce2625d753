//! Twilio's recordings, in a server of the test that can stop in the middle of a file; and an S3 of the test that can stop in the middle of
//! an upload. Both outlive the processes of the platform.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures::{StreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};
use objects::test_support::{Trouble, troubled};
use objects::{Config, Credentials, Objects};
use serde_json::json;
use tokio::net::TcpListener;

const BUCKET: &str = "e2e";
const USER: &str = "e2e-user";
const SECRET: &str = "e2e-secret-of-the-store";

#[derive(Default)]
struct State {
    file: Bytes,
    stalls: AtomicBool,
    asked: AtomicUsize,
}

/// Has one file for every recording.
pub struct Source {
    pub base: String,
    state: Arc<State>,
}

impl Source {
    /// Listens; it ends with the test's process.
    pub fn start(file: Vec<u8>) -> Self {
        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            file: file.into(),
            ..State::default()
        });
        let data = Data::from(state.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        tokio::spawn(server.run());
        Self { base, state }
    }

    /// From now on files stop at three quarters, or come whole again.
    pub fn stalls(&self, stalls: bool) {
        self.state.stalls.store(stalls, Ordering::SeqCst);
    }

    /// How often a file was asked for.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }
}

async fn answer(state: Data<State>, req: HttpRequest) -> HttpResponse {
    if !req.path().ends_with(".wav") {
        return HttpResponse::NotFound().json(json!({ "code": 20404, "status": 404 }));
    }
    state.asked.fetch_add(1, Ordering::SeqCst);
    let mut answer = HttpResponse::Ok();
    answer.content_type("audio/x-wav");
    if !state.stalls.load(Ordering::SeqCst) {
        return answer.body(state.file.clone());
    }
    let part = state.file.slice(..state.file.len() / 4 * 3);
    let part = stream::once(async { Ok::<_, std::io::Error>(part) });
    answer
        .no_chunking(state.file.len() as u64)
        .streaming(part.chain(stream::pending()))
}

/// An S3 on a port of its own.
pub struct Bucket {
    pub objects: Objects,
    pub trouble: Trouble,
    endpoint: String,
    _dir: tempfile::TempDir,
}

impl Bucket {
    /// Listens; it ends with the test's process.
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
        super::install_tls();
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

    /// How often something was written whose key has this in it.
    pub fn writes(&self, part: &str) -> usize {
        let written = self.trouble.written();
        written.iter().filter(|it| it.path.contains(part)).count()
    }

    /// Where it is.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What the platform is told of it.
    pub fn env(&self) -> [(&'static str, String); 4] {
        [
            ("S3_BUCKET", BUCKET.to_owned()),
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", USER.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }
}
