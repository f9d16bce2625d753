//! A server that plays an OpenAI-compatible provider, ElevenLabs and Murf, and does what it is told: a list for each of them, and
//! a good answer when the list is empty.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use ai::{Ai, Deepgram, ElevenLabs, Limits, Local, Murf, OpenAi, Retry, Settings};
use audio::{Encoding, Sound};
use clock::Clock;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

/// What a provider does with one request.
#[derive(Clone)]
pub enum Act {
    /// A success with this type and body.
    Say(&'static str, Vec<u8>),
    /// A success of the chat model with this content.
    Content(String),
    /// This status, with these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// Never anything.
    Hang,
    /// Half an answer, then the connection breaks.
    Break,
    /// A success of this type whose second part comes when there is a permit; `None`: it breaks off instead.
    Parts(&'static str, Vec<u8>, Option<(Arc<Semaphore>, Vec<u8>)>),
    /// A good answer, but only when the semaphore has a permit.
    When(Arc<Semaphore>),
}

impl Act {
    pub fn status(status: u16) -> Self {
        Self::Status(status, Vec::new())
    }
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    /// With its query.
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Bytes,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[derive(Default)]
struct Script {
    acts: Mutex<HashMap<&'static str, VecDeque<Act>>>,
    seen: Mutex<Vec<Seen>>,
}

/// A running server. It stops when it is dropped.
pub struct Server {
    script: Data<Script>,
    count: watch::Receiver<usize>,
    connections: Arc<AtomicUsize>,
    port: u16,
    handle: ServerHandle,
}

pub const CHAT: &str = "/v1/chat/completions";
pub const TRANSCRIBE: &str = "/v1/audio/transcriptions";
pub const SPEAK: &str = "/v1/audio/speech";
pub const ELEVENLABS: &str = "/v1/text-to-speech";
pub const MURF: &str = "/v1/speech/generate";

/// The content of a good chat answer, for [`ai::task::Score`].
pub const SCORE: &str = r#"{"score":70,"feedback":"Clear.","quote":"I led a team"}"#;

impl Server {
    pub async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        crate::secrets::keep_the_log();
        let script = Data::new(Script::default());
        let (counter, count) = watch::channel(0);
        let (data, counter) = (script.clone(), Data::new(counter));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(PayloadConfig::new(8 << 20))
                .app_data(data.clone())
                .app_data(counter.clone())
                .default_service(web::to(serve))
        })
        .workers(1)
        .keep_alive(Duration::from_secs(600))
        .on_connect(move |_, _| {
            counted.fetch_add(1, Ordering::SeqCst);
        })
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let port = server.addrs()[0].port();
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            script,
            count,
            connections,
            port,
            handle,
        }
    }

    /// What it does next at a path; then it answers well.
    pub fn next(&self, path: &'static str, acts: impl IntoIterator<Item = Act>) {
        let mut scripts = self.script.acts.lock().unwrap();
        scripts.entry(path).or_default().extend(acts);
    }

    /// The requests at a path so far.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.script.seen.lock().unwrap();
        let at = seen.iter().filter(|seen| seen.path.starts_with(path));
        at.cloned().collect()
    }

    /// Connections that were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Settings with this server as Deepgram alone, for whole recordings.
    pub fn deepgram(&self) -> Settings {
        Settings {
            openai: None,
            deepgram: Some(Deepgram {
                base_url: format!("http://127.0.0.1:{}", self.port),
                ..Deepgram::new("dg-secret-key")
            }),
            ..self.openai()
        }
    }

    /// Waits until so many requests have come in all.
    pub async fn has_seen(&self, requests: usize) {
        let mut count = self.count.clone();
        count.wait_for(|count| *count >= requests).await.unwrap();
    }

    /// Settings with this server as OpenAI, and with short times.
    pub fn openai(&self) -> Settings {
        Settings {
            openai: Some(OpenAi {
                base_url: format!("http://127.0.0.1:{}/v1/", self.port),
                ..OpenAi::new("sk-openai-key")
            }),
            limits: Limits {
                chat: Duration::from_secs(20),
                transcribe: Duration::from_secs(20),
                speak: Duration::from_secs(20),
                ..Limits::default()
            },
            retry: Retry {
                first: Duration::from_millis(2),
                ..Retry::default()
            },
            ..Settings::default()
        }
    }

    /// This server as the machine's own speech server, beside `others`.
    pub fn local(&self, others: Settings) -> Settings {
        Settings {
            local: Some(Local {
                base_url: format!("http://127.0.0.1:{}/v1", self.port),
            }),
            ..others
        }
    }

    /// As [`Server::openai`], and this server as ElevenLabs and Murf.
    pub fn all(&self) -> Settings {
        let base_url = format!("http://127.0.0.1:{}", self.port);
        Settings {
            elevenlabs: Some(ElevenLabs {
                base_url: base_url.clone(),
                voice: "eleven-voice".into(),
                ..ElevenLabs::new("xi-secret-key")
            }),
            murf: Some(Murf {
                base_url: format!("{base_url}/v1/"),
                ..Murf::new("murf-secret-key")
            }),
            ..self.openai()
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub fn ai(settings: Settings) -> Ai {
    Ai::new(settings, Clock::system()).unwrap()
}

/// A WAV file of some length at some rate.
pub fn wav(seconds: f64, rate: u32) -> Vec<u8> {
    let samples = (seconds * f64::from(rate)) as usize;
    let sound = Sound {
        rate,
        channels: 1,
        samples: (0..samples).map(|at| (at % 100) as i16 * 50).collect(),
    };
    sound.to_wav(Encoding::Pcm16).unwrap()
}

pub fn completion(content: &str) -> Value {
    json!({
        "choices": [{ "message": { "role": "assistant", "content": content } }],
        "usage": { "prompt_tokens": 1_000, "completion_tokens": 50 },
    })
}

async fn serve(
    request: HttpRequest,
    body: Bytes,
    script: Data<Script>,
    count: Data<watch::Sender<usize>>,
) -> HttpResponse {
    let path = request.uri().to_string();
    let act = {
        let mut scripts = script.acts.lock().unwrap();
        let mut scripts = scripts.iter_mut();
        scripts
            .find(|(at, _)| path.starts_with(**at))
            .and_then(|(_, acts)| acts.pop_front())
    };
    let header = |(name, value): (&_, &actix_web::http::header::HeaderValue)| {
        let name: &actix_web::http::header::HeaderName = name;
        (name.to_string(), value.to_str().unwrap_or_default().into())
    };
    script.seen.lock().unwrap().push(Seen {
        path: path.clone(),
        headers: request.headers().iter().map(header).collect(),
        body,
    });
    count.send_modify(|count| *count += 1);
    match act {
        None => good(&path),
        Some(Act::Say(kind, body)) => HttpResponse::Ok().content_type(kind).body(body),
        Some(Act::Content(content)) => HttpResponse::Ok().json(completion(&content)),
        Some(Act::Status(status, headers)) => {
            let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap());
            for (name, value) in headers {
                response.insert_header((name, value));
            }
            response.body("{\"error\":{\"message\":\"quoting your secret transcript\"}}")
        }
        Some(Act::Hang) => std::future::pending().await,
        Some(Act::Break) => {
            let chunks = [Ok(Bytes::from_static(b"{\"text\":\"half")), Err("gone")];
            HttpResponse::Ok().streaming(futures::stream::iter(chunks))
        }
        Some(Act::Parts(kind, first, rest)) => {
            let first = futures::stream::once(async { Ok(Bytes::from(first)) });
            let rest = futures::stream::once(async {
                let Some((permits, rest)) = rest else {
                    return Err("gone");
                };
                permits.acquire().await.unwrap().forget();
                Ok(Bytes::from(rest))
            });
            let body = futures::StreamExt::chain(first, rest);
            HttpResponse::Ok()
                .content_type(kind)
                .streaming(Box::pin(body))
        }
        Some(Act::When(permits)) => {
            permits.acquire().await.unwrap().forget();
            good(&path)
        }
    }
}

fn good(path: &str) -> HttpResponse {
    if path.starts_with(CHAT) {
        return HttpResponse::Ok().json(completion(SCORE));
    }
    if path.starts_with(TRANSCRIBE) {
        return HttpResponse::Ok().json(json!({ "text": " I led a team. \n" }));
    }
    if path.starts_with(MURF) {
        use base64::Engine as _;
        let file = base64::engine::general_purpose::STANDARD.encode(wav(2.0, 8_000));
        return HttpResponse::Ok().json(json!({ "encodedAudio": file, "audioFile": "" }));
    }
    let rate = if path.starts_with(SPEAK) {
        24_000
    } else {
        8_000
    };
    // The type is wrong on purpose: only the bytes count.
    HttpResponse::Ok()
        .content_type("audio/mpeg")
        .body(wav(1.5, rate))
}
