//! An AI provider that takes its time: an OpenAI-compatible server whose every answer is really waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data, Json, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Result;
use audio::{Encoding, Sound};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::answer::fill;

/// How long its answers take, and what it hears in any recording.
#[derive(Clone, Copy)]
pub struct Manner {
    /// A chat model.
    pub chat: Duration,
    /// A voice.
    pub speech: Duration,
    /// A transcription.
    pub transcription: Duration,
    /// What it hears.
    pub transcript: &'static str,
}

/// Longer than anybody waits.
const NEVER: Duration = Duration::from_secs(600);
/// As people speak, in characters a second.
const PACE: f64 = 15.0;
/// The largest recording that is sent here.
const LARGEST: usize = 32 << 20;

/// The provider.
pub struct Provider {
    /// For `OPENAI_BASE_URL`.
    pub url: String,
    inside: Arc<Inside>,
    server: ServerHandle,
}

/// What it was asked for.
struct Inside {
    manner: Manner,
    mute: AtomicBool,
    chats: AtomicU64,
    speeches: AtomicU64,
    transcriptions: AtomicU64,
}

impl Provider {
    /// Starts it on a free port.
    pub fn start(manner: Manner) -> Result<Self> {
        let inside = Arc::new(Inside {
            manner,
            mute: AtomicBool::default(),
            chats: AtomicU64::default(),
            speeches: AtomicU64::default(),
            transcriptions: AtomicU64::default(),
        });
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let data = Data::from(Arc::clone(&inside));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(PayloadConfig::new(LARGEST))
                .app_data(web::JsonConfig::default().limit(LARGEST))
                .route("/v1/chat/completions", web::post().to(chat))
                .route("/v1/audio/speech", web::post().to(speech))
                .route("/v1/audio/transcriptions", web::post().to(transcription))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            url,
            inside,
            server: handle,
        })
    }

    /// From now on the chat model never answers.
    pub fn fall_silent(&self) {
        self.inside.mute.store(true, Ordering::Relaxed);
    }

    /// What it was asked for: chats, speeches, transcriptions.
    pub fn asked(&self) -> [u64; 3] {
        let inside = &self.inside;
        [&inside.chats, &inside.speeches, &inside.transcriptions]
            .map(|count| count.load(Ordering::Relaxed))
    }

    /// Ends it, and whoever still waits.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn chat(inside: Data<Inside>, request: Json<Value>) -> HttpResponse {
    let number = inside.chats.fetch_add(1, Ordering::Relaxed) + 1;
    let mute = inside.mute.load(Ordering::Relaxed);
    sleep(if mute { NEVER } else { inside.manner.chat }).await;
    let schema = &request["response_format"]["json_schema"]["schema"];
    let content = match schema.is_object() {
        true => fill(schema, number).to_string(),
        // No two alike: what was spoken before is not asked for again.
        false => format!("This is answer {number}, and nobody has heard it before."),
    };
    HttpResponse::Ok().json(json!({
        "id": format!("chatcmpl-{number}"),
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": content},
        }],
        "usage": {"prompt_tokens": 400, "completion_tokens": 40, "total_tokens": 440},
    }))
}

async fn speech(inside: Data<Inside>, request: Json<Value>) -> HttpResponse {
    inside.speeches.fetch_add(1, Ordering::Relaxed);
    sleep(inside.manner.speech).await;
    let text = request["input"].as_str().unwrap_or_default();
    let seconds = (text.chars().count() as f64 / PACE).max(0.5);
    let sound = Sound::mono(audio::speech(text, Some(seconds)));
    match sound.to_wav(Encoding::Pcm16) {
        Ok(file) => HttpResponse::Ok().content_type("audio/wav").body(file),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

async fn transcription(inside: Data<Inside>, _recording: Bytes) -> HttpResponse {
    inside.transcriptions.fetch_add(1, Ordering::Relaxed);
    sleep(inside.manner.transcription).await;
    HttpResponse::Ok().json(json!({
        "text": inside.manner.transcript,
        "language": "english",
        "duration": 12.0,
        "usage": {"type": "duration", "seconds": 12},
    }))
}
