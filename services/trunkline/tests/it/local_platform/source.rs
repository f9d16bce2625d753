//! Twilio's recordings, in a server of the test that can stop in the middle of a file. It outlives the processes of the platform.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures::{StreamExt, stream};
use serde_json::json;

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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
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
