//! Twilio's recordings and an OpenAI-compatible provider, in one server that can be slow, silent or wrong.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use audio::{Encoding, Sound};
use serde_json::{Value, json};
use tokio::sync::Barrier;

/// What becomes of a request in place of an answer.
#[derive(Clone)]
pub enum Mishap {
    Hang,
    Status(u16),
    /// 429, and when to come again.
    Busy(u32),
    Rubbish,
    /// Answers when so many wait.
    Together(Arc<Barrier>),
}

/// A request that came.
#[derive(Clone)]
pub struct Asked {
    pub path: String,
    pub authorization: String,
    pub body: String,
}

struct Recording {
    file: Vec<u8>,
    missing: usize,
    status: &'static str,
}

#[derive(Default)]
pub struct World {
    asked: Mutex<Vec<Asked>>,
    mishaps: Mutex<HashMap<String, VecDeque<Mishap>>>,
    always: Mutex<HashMap<String, Mishap>>,
    says: Mutex<VecDeque<Value>>,
    hears: Mutex<String>,
    recordings: Mutex<HashMap<String, Recording>>,
    fetched: AtomicUsize,
}

pub struct Outside {
    pub url: String,
    pub world: Arc<World>,
    handle: ServerHandle,
}

impl Drop for Outside {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Outside {
    pub fn start() -> Self {
        let world = Arc::<World>::default();
        let data = Data::from(world.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(8 << 20))
                .default_service(web::to(answer))
        })
        .workers(2)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, world, handle }
    }
}

/// Sound of a text, as Twilio keeps recordings.
pub fn wav(text: &str) -> Vec<u8> {
    Sound::mono(audio::speech(text, None))
        .to_wav(Encoding::MuLaw)
        .unwrap()
}

impl World {
    /// A recording that is found after so many looks.
    pub fn record(&self, sid: &str, file: Vec<u8>, missing: usize) {
        let recording = Recording {
            file,
            missing,
            status: "completed",
        };
        let mut recordings = self.recordings.lock().unwrap();
        recordings.insert(sid.to_owned(), recording);
    }

    /// A recording of which Twilio says that there is none.
    pub fn record_nothing(&self, sid: &str) {
        let recording = Recording {
            file: Vec::new(),
            missing: usize::MAX,
            status: "absent",
        };
        let mut recordings = self.recordings.lock().unwrap();
        recordings.insert(sid.to_owned(), recording);
    }

    /// What the chat model says, in turn; the last one for good.
    pub fn say(&self, answers: impl IntoIterator<Item = Value>) {
        *self.says.lock().unwrap() = answers.into_iter().collect();
    }

    pub fn transcribe_as(&self, text: &str) {
        *self.hears.lock().unwrap() = text.to_owned();
    }

    /// What happens to the next requests of a kind: `completions`, `transcriptions`, `speech`.
    pub fn will(&self, kind: &str, mishaps: impl IntoIterator<Item = Mishap>) {
        let mut all = self.mishaps.lock().unwrap();
        all.entry(kind.to_owned()).or_default().extend(mishaps);
    }

    /// What happens to every request of a kind that nothing else happens to.
    pub fn always(&self, kind: &str, mishap: Mishap) {
        self.always.lock().unwrap().insert(kind.to_owned(), mishap);
    }

    pub fn asked(&self, kind: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        let of_kind = asked.iter().filter(|a| a.path.ends_with(kind));
        of_kind.cloned().collect()
    }

    /// How many files Twilio gave.
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }

    fn mishap(&self, kind: &str) -> Option<Mishap> {
        let next = self
            .mishaps
            .lock()
            .unwrap()
            .get_mut(kind)
            .and_then(VecDeque::pop_front);
        next.or_else(|| self.always.lock().unwrap().get(kind).cloned())
    }

    fn chat(&self) -> Value {
        let mut says = self.says.lock().unwrap();
        let next = if says.len() > 1 {
            says.pop_front()
        } else {
            says.front().cloned()
        };
        let content = next.unwrap_or_default().to_string();
        json!({
            "id": "1", "object": "chat.completion", "created": 1, "model": "some-model",
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": content}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        })
    }

    fn recording(&self, path: &str) -> HttpResponse {
        let name = path.rsplit('/').next().unwrap_or_default();
        let (sid, ending) = name.split_once('.').unwrap_or((name, ""));
        let mut recordings = self.recordings.lock().unwrap();
        let not_found =
            || HttpResponse::NotFound().json(json!({"code": 20404, "message": "hidden"}));
        let Some(recording) = recordings.get_mut(sid) else {
            return not_found();
        };
        if ending == "json" {
            let status = recording.status;
            return HttpResponse::Ok().json(json!({"sid": sid, "status": status}));
        }
        if recording.missing > 0 {
            recording.missing -= 1;
            return not_found();
        }
        self.fetched.fetch_add(1, Ordering::Relaxed);
        HttpResponse::Ok()
            .content_type("audio/x-wav")
            .body(recording.file.clone())
    }
}

async fn answer(world: Data<World>, req: HttpRequest, body: Bytes) -> HttpResponse {
    let path = req.path().to_owned();
    let authorization = req.headers().get("authorization");
    world.asked.lock().unwrap().push(Asked {
        authorization: authorization.map_or(String::new(), |v| v.to_str().unwrap().to_owned()),
        body: String::from_utf8_lossy(&body).into_owned(),
        path: path.clone(),
    });
    let kind = path.rsplit('/').next().unwrap_or_default();
    match world.mishap(kind) {
        None => {}
        Some(Mishap::Hang) => tokio::time::sleep(Duration::from_secs(600)).await,
        Some(Mishap::Status(status)) => {
            let status = status.try_into().unwrap();
            return HttpResponse::build(status).json(json!({"error": {"message": "no"}}));
        }
        Some(Mishap::Busy(seconds)) => {
            return HttpResponse::TooManyRequests()
                .insert_header(("retry-after", seconds.to_string()))
                .finish();
        }
        Some(Mishap::Rubbish) => return HttpResponse::Ok().body("<html>Welcome</html>"),
        Some(Mishap::Together(all)) => {
            all.wait().await;
        }
    }
    match kind {
        "completions" => HttpResponse::Ok().json(world.chat()),
        "transcriptions" => {
            let text = world.hears.lock().unwrap().clone();
            HttpResponse::Ok().json(json!({"text": text}))
        }
        "speech" => HttpResponse::Ok()
            .content_type("audio/wav")
            .body(wav("a prompt")),
        _ => world.recording(&path),
    }
}
