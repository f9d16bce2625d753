//! A server that listens while a caller speaks, as Deepgram does, as well or as badly as it is told to. It understands the
//! simulated voice. The role `streams` has it in its own tests, too.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audio::mulaw;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// What it does on one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Interim words while sound comes, and the last ones at once.
    Well,
    /// The last words come after so long.
    Slow(Duration),
    /// The last words never come; those before do.
    Endless,
    /// It takes sound and says nothing.
    Deaf,
    /// The socket breaks off after so many bytes of sound.
    Breaks(usize),
    /// It reports an error after so many bytes.
    Fails(usize),
    /// The handshake is refused.
    Refused,
}

/// A socket as it was used.
#[derive(Clone, Debug, Default)]
pub struct Listened {
    /// Of the handshake, with its query.
    pub path: String,
    pub authorization: String,
    /// Bytes of sound that came.
    pub sound: usize,
    /// `Finalize`, `KeepAlive`, `CloseStream`, in their order.
    pub told: Vec<String>,
    /// What it has said that was not final.
    pub interim: Vec<String>,
    pub is_over: bool,
}

#[derive(Default)]
struct State {
    manners: Mutex<VecDeque<Manner>>,
    sockets: Mutex<Vec<Listened>>,
}

/// The server; it ends when it is dropped.
pub struct Listener {
    pub base: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

impl Listener {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let state = Arc::new(State::default());
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(socket(stream, shared.clone()));
            }
        });
        Self { base, state, task }
    }

    /// What it does on the next sockets; then it listens well.
    pub fn next(&self, manners: impl IntoIterator<Item = Manner>) {
        self.state.manners.lock().unwrap().extend(manners);
    }

    /// The sockets that were asked for so far.
    pub fn sockets(&self) -> Vec<Listened> {
        self.state.sockets.lock().unwrap().clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn socket(stream: TcpStream, state: Arc<State>) {
    let manner = state.manners.lock().unwrap().pop_front();
    let manner = manner.unwrap_or(Manner::Well);
    let mut seen = Listened::default();
    #[expect(clippy::result_large_err, reason = "the library's own answer")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        seen.path = request.uri().to_string();
        let shown = request.headers().get("authorization");
        seen.authorization = shown.map_or("", |it| it.to_str().unwrap()).to_owned();
        match manner {
            Manner::Refused => Err(Response::builder().status(401).body(None).unwrap()),
            _ => Ok(response),
        }
    };
    let opened = accept_hdr_async(stream, look).await;
    let at = {
        let mut sockets = state.sockets.lock().unwrap();
        sockets.push(seen);
        sockets.len() - 1
    };
    let note = |note: &dyn Fn(&mut Listened)| note(&mut state.sockets.lock().unwrap()[at]);
    if let Ok(mut socket) = opened {
        let mut heard = Vec::new();
        // Where the words begin that are not final yet, and how much has been told of.
        let (mut from, mut told) = (0, 0);
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(sound) => {
                    heard.extend_from_slice(&sound);
                    note(&|it: &mut Listened| it.sound += sound.len());
                    match manner {
                        Manner::Breaks(after) if heard.len() >= after => break,
                        Manner::Fails(after) if heard.len() >= after => {
                            let error = json!({"type": "Error", "description": "out of credit"});
                            let _ = socket.send(Message::text(error.to_string())).await;
                        }
                        _ => {}
                    }
                    if manner != Manner::Deaf && heard.len() >= told + 2_000 {
                        told = heard.len();
                        let result = result(&heard, from, false);
                        let words = result["channel"]["alternatives"][0]["transcript"].clone();
                        note(&|it: &mut Listened| {
                            it.interim.push(words.as_str().unwrap().to_owned())
                        });
                        let _ = socket.send(Message::text(result.to_string())).await;
                    }
                }
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    let kind = message["type"].as_str().unwrap().to_owned();
                    note(&|it: &mut Listened| it.told.push(kind.clone()));
                    match (kind.as_str(), manner) {
                        (_, Manner::Deaf) | ("KeepAlive", _) | ("Finalize", Manner::Endless) => {}
                        ("Finalize", manner) => {
                            if let Manner::Slow(wait) = manner {
                                tokio::time::sleep(wait).await;
                            }
                            let result = result(&heard, from, true);
                            (from, told) = (heard.len(), heard.len());
                            let _ = socket.send(Message::text(result.to_string())).await;
                        }
                        _ => {
                            let metadata =
                                json!({"type": "Metadata", "duration": 0.0, "channels": 1});
                            let _ = socket.send(Message::text(metadata.to_string())).await;
                            let _ = socket.close(None).await;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    note(&|it: &mut Listened| it.is_over = true);
}

/// What is understood of the sound from a byte on.
fn result(heard: &[u8], from: usize, is_final: bool) -> Value {
    let words = audio::heard(&mulaw::decode_all(&heard[from..]));
    json!({
        "type": "Results", "channel_index": [0, 1], "is_final": is_final, "speech_final": is_final,
        "from_finalize": is_final,
        "start": from as f64 / 8_000.0, "duration": (heard.len() - from) as f64 / 8_000.0,
        "channel": {"alternatives": [{"transcript": words.unwrap_or_default(), "confidence": 0.98, "words": []}]},
    })
}
