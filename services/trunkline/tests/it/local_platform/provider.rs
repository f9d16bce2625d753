//! A server that speaks OpenAI's API, as well or as badly as it is told to, and remembers what it was asked for. It also
//! serves the TwiML of a studio, in which callers are recorded for nobody.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::wait::{eventually, so};

/// The key that it takes where it looks at keys at all: whoever asks which models there are.
pub const KEY: &str = "sk-e2e-the-key-of-the-provider";

/// What it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Transcribe,
    Score,
    Question,
    Summary,
    Speak,
}

/// How it answers.
#[derive(Clone, Debug)]
pub enum Manner {
    /// 200 and something that is no JSON.
    Rubbish,
    /// JSON, but of this shape.
    Shape(Value),
    /// 429: come again after so many seconds.
    TooMany(u32),
    /// 503.
    Broken,
    /// 400: it will never do that.
    Refused,
    /// The connection stays open, and nothing comes.
    Nothing,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub work: Work,
    /// What a chat's first message says: instructions.
    pub system: String,
    /// What was heard in a recording, or the data of a chat.
    pub words: String,
    pub at: Instant,
    /// Whether it was answered well.
    pub well: bool,
}

struct Rule {
    work: Work,
    words: String,
    manner: Manner,
    times: usize,
}

#[derive(Default)]
struct State {
    rules: Mutex<Vec<Rule>>,
    asked: Mutex<Vec<Asked>>,
    transcribing: AtomicUsize,
    /// Whoever wants a transcription is to come again.
    shut: AtomicBool,
    questions: AtomicUsize,
}

/// The server; it ends with the test's process.
pub struct Provider {
    pub base: String,
    state: Arc<State>,
}

impl Provider {
    /// Listens, and answers well.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let data = web::Data::from(state.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(16 * 1024 * 1024))
                .route("/v1/models", web::get().to(models))
                .route("/v1/projects", web::get().to(models))
                .route("/v1/chat/completions", web::post().to(chat))
                .route("/v1/audio/transcriptions", web::post().to(transcribe))
                .route("/v1/audio/speech", web::post().to(speak))
                .route("/studio", web::post().to(studio))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        tokio::spawn(server.run());
        let base = format!("http://127.0.0.1:{port}");
        Self { base, state }
    }

    /// What the platform is told of it. A provider that does not answer is waited for briefly.
    pub fn env(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OPENAI_API_KEY", KEY.to_owned()),
            ("OPENAI_BASE_URL", format!("{}/v1", self.base)),
            ("TRUNKLINE_CHAT_DEADLINE_S", "4".to_owned()),
            ("TRUNKLINE_TRANSCRIBE_DEADLINE_S", "4".to_owned()),
            ("TRUNKLINE_SPEECH_DEADLINE_S", "4".to_owned()),
        ]
    }

    /// From now on, so many times: what has these words in it is answered so.
    pub fn answers(&self, work: Work, words: &str, manner: Manner, times: usize) {
        let mut rules = self.state.rules.lock().unwrap();
        rules.push(Rule {
            work,
            words: words.to_owned(),
            manner,
            times,
        });
    }

    /// What it was asked for, with these words in it.
    pub fn asked(&self, work: Work, words: &str) -> Vec<Asked> {
        let asked = self.state.asked.lock().unwrap();
        let these = asked
            .iter()
            .filter(|it| it.work == work && it.words.contains(words));
        these.cloned().collect()
    }

    /// How often it has transcribed these words: what is paid for.
    pub fn transcribed(&self, words: &str) -> usize {
        let asked = self.asked(Work::Transcribe, words);
        asked.iter().filter(|it| it.well).count()
    }

    /// Strikes at a moment at which no transcription is under way and all words that were answered are kept; none is
    /// begun meanwhile. Whoever is killed while a model works, or before having written down what it said, cannot know
    /// that it will have to be paid.
    pub async fn when_idle(&self, kept: impl Fn(&str) -> bool, strike: impl FnOnce()) {
        let is_idle = || {
            let asked = self.asked(Work::Transcribe, "");
            let mut paid = asked.iter().filter(|it| it.well);
            self.state.transcribing.load(Ordering::SeqCst) == 0 && paid.all(|it| kept(&it.words))
        };
        eventually("nothing is being transcribed", async || {
            self.state.shut.store(is_idle(), Ordering::SeqCst);
            // One may have begun before it was shut.
            let idle = self.state.shut.load(Ordering::SeqCst) && is_idle();
            self.state.shut.store(idle, Ordering::SeqCst);
            so(idle)
        })
        .await;
        strike();
        self.state.shut.store(false, Ordering::SeqCst);
    }
}

impl State {
    /// Takes a request down, and says how it is to be answered.
    fn take(&self, work: Work, system: &str, words: &str) -> Option<Manner> {
        let mut rules = self.rules.lock().unwrap();
        let fits =
            |rule: &&mut Rule| rule.work == work && rule.times > 0 && words.contains(&rule.words);
        let manner = rules.iter_mut().find(fits).map(|rule| {
            rule.times -= 1;
            rule.manner.clone()
        });
        let mut asked = self.asked.lock().unwrap();
        asked.push(Asked {
            work,
            system: system.to_owned(),
            words: words.to_owned(),
            at: Instant::now(),
            well: manner.is_none(),
        });
        manner
    }
}

/// Answers badly. What is of another shape is left to whoever knows where it goes.
async fn badly(manner: Manner) -> Result<HttpResponse, Value> {
    Ok(match manner {
        Manner::Rubbish => HttpResponse::Ok()
            .content_type("application/json")
            .body("<html>I am a teapot</html>"),
        Manner::TooMany(after) => HttpResponse::TooManyRequests()
            .insert_header(("Retry-After", after.to_string()))
            .json(json!({ "error": { "message": "slow down", "type": "requests" } })),
        Manner::Broken => HttpResponse::ServiceUnavailable()
            .json(json!({ "error": { "message": "overloaded", "type": "server_error" } })),
        Manner::Refused => HttpResponse::BadRequest().json(
            json!({ "error": { "message": "unsupported file", "type": "invalid_request_error" } }),
        ),
        Manner::Nothing => std::future::pending().await,
        Manner::Shape(value) => return Err(value),
    })
}

/// OpenAI's list, and those of Deepgram and ElevenLabs.
async fn models(request: HttpRequest) -> HttpResponse {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let shown = header("Authorization");
    let bearer = shown.and_then(|it| it.strip_prefix("Bearer ").or(it.strip_prefix("Token ")));
    match bearer.or(header("xi-api-key")) {
        Some(KEY) => HttpResponse::Ok().json(json!({ "object": "list", "data": [] })),
        _ => HttpResponse::Unauthorized().finish(),
    }
}

async fn chat(state: web::Data<State>, body: web::Json<Value>) -> HttpResponse {
    let message = |role: &str| {
        let all = body["messages"].as_array().into_iter().flatten();
        let texts = all.filter(|it| it["role"] == role);
        let texts: Vec<&str> = texts.filter_map(|it| it["content"].as_str()).collect();
        texts.join("\n")
    };
    let (system, user) = (message("system"), message("user"));
    let fields = &body["response_format"]["json_schema"]["schema"]["properties"];
    let work = if fields["quote"].is_object() {
        Work::Score
    } else if fields["overall_score"].is_object() {
        Work::Summary
    } else {
        Work::Question
    };
    let model = body["model"].as_str().unwrap_or_default();
    let content = match state.take(work, &system, &user) {
        None => content(&state, work, &user),
        Some(manner) => match badly(manner).await {
            Ok(response) => return response,
            Err(shape) => shape,
        },
    };
    HttpResponse::Ok().json(json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{ "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": content.to_string() } }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120 },
    }))
}

/// What a good model says.
fn content(state: &State, work: Work, user: &str) -> Value {
    match work {
        Work::Question => {
            let number = state.questions.fetch_add(1, Ordering::SeqCst) + 1;
            json!({ "question": format!("What is your opinion on topic number {number}?") })
        }
        Work::Score => {
            let transcript = field(user, "transcript").unwrap_or_default();
            let quote: Vec<&str> = transcript.split(' ').take(3).collect();
            json!({ "score": 80, "feedback": "Clear and to the point.", "quote": quote.join(" ") })
        }
        _ => json!({
            "overall_score": 80, "recommendation": if user.contains("screener") { "yes" } else { "" },
            "strengths": ["clear words"], "areas_for_improvement": ["more examples"],
            "feedback": "You speak clearly. Give more examples.",
        }),
    }
}

/// A field of the JSON that stands in a line of its own.
fn field(text: &str, name: &str) -> Option<String> {
    let objects = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found = objects.filter_map(|object| object[name].as_str().map(str::to_owned));
    found.next()
}

async fn transcribe(state: web::Data<State>, body: web::Bytes) -> HttpResponse {
    state.transcribing.fetch_add(1, Ordering::SeqCst);
    if state.shut.load(Ordering::SeqCst) {
        state.transcribing.fetch_sub(1, Ordering::SeqCst);
        return HttpResponse::ServiceUnavailable().finish();
    }
    let words = wav(&body).and_then(|file| audio::Sound::read(file).ok()?.heard());
    let words = words.unwrap_or_default();
    let manner = state.take(Work::Transcribe, "", &words);
    let response = match manner {
        None => HttpResponse::Ok().json(json!({ "text": words })),
        Some(Manner::Nothing) => {
            // Whoever asked goes away some time.
            state.transcribing.fetch_sub(1, Ordering::SeqCst);
            return std::future::pending().await;
        }
        Some(manner) => match badly(manner).await {
            Ok(response) => response,
            Err(shape) => HttpResponse::Ok().json(shape),
        },
    };
    state.transcribing.fetch_sub(1, Ordering::SeqCst);
    response
}

/// The WAV file of a form.
fn wav(form: &[u8]) -> Option<&[u8]> {
    let at = form.windows(4).position(|bytes| bytes == b"RIFF")?;
    let length = form.get(at + 4..at + 8)?.try_into().ok()?;
    form.get(at..at + 8 + u32::from_le_bytes(length) as usize)
}

async fn speak(state: web::Data<State>, body: web::Json<Value>) -> HttpResponse {
    let text = body["input"].as_str().unwrap_or_default();
    if let Some(manner) = state.take(Work::Speak, "", text) {
        return match badly(manner).await {
            Ok(response) => response,
            Err(shape) => HttpResponse::Ok().json(shape),
        };
    }
    let sound = audio::Sound::mono(audio::speech(text, None));
    let file = sound.to_wav(audio::Encoding::Pcm16).unwrap_or_default();
    HttpResponse::Ok().content_type("audio/wav").body(file)
}

/// Records one answer after the other until the caller hangs up.
async fn studio(_: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().content_type("text/xml").body(
        "<Response><Record finishOnKey=\"#\" timeout=\"60\" action=\"/studio\" method=\"POST\"/></Response>",
    )
}
