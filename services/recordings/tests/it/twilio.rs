//! Twilio's recordings, in a server that can be slow, wrong or short.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// What a request for a file is answered with.
#[derive(Clone)]
pub enum Answer {
    Sound(Vec<u8>),
    /// Claims a length and breaks off before it.
    Short(Vec<u8>),
    /// Sends the first half, and then nothing.
    Stalled(Vec<u8>),
    Status(u16),
    /// A page that is served as a success.
    Page,
    /// Another address.
    Redirect(String),
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub query: String,
    pub authorization: String,
}

#[derive(Default)]
pub struct World {
    asked: Mutex<Vec<Asked>>,
    /// What comes in turn; the last one for good.
    files: Mutex<HashMap<String, Vec<Answer>>>,
    /// Twilio's word on a recording; none: it has none.
    status: Mutex<HashMap<String, &'static str>>,
    is_mono: Mutex<bool>,
    /// What its lists have, by their query.
    lists: Mutex<HashMap<String, Vec<Value>>>,
}

pub struct Twilio {
    pub url: String,
    pub world: Arc<World>,
    handle: ServerHandle,
}

impl Drop for Twilio {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Twilio {
    pub fn start() -> Self {
        let world = Arc::<World>::default();
        let data = Data::from(world.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
        .workers(1)
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

impl World {
    /// What the next requests for a recording's file get; the last one for good.
    pub fn files(&self, sid: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut all = self.files.lock().unwrap();
        all.insert(sid.to_owned(), answers.into_iter().collect());
        self.status
            .lock()
            .unwrap()
            .entry(sid.to_owned())
            .or_insert("completed");
    }

    /// What Twilio says of a recording.
    pub fn says(&self, sid: &str, status: &'static str) {
        self.status.lock().unwrap().insert(sid.to_owned(), status);
    }

    /// What a list has, by its query: `CallSid=..`.
    pub fn lists(&self, query: &str, items: impl IntoIterator<Item = Value>) {
        let mut lists = self.lists.lock().unwrap();
        lists.insert(query.to_owned(), items.into_iter().collect());
    }

    /// The requests for lists: their queries.
    pub fn listed(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let lists = asked
            .iter()
            .filter(|it| it.path.ends_with("/Recordings.json"));
        lists.map(|it| it.query.clone()).collect()
    }

    /// Recordings have one channel.
    pub fn mono(&self) {
        *self.is_mono.lock().unwrap() = true;
    }

    /// The requests for a recording's file.
    pub fn asked(&self, sid: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        let of = |it: &&Asked| it.path.contains(sid) && !it.path.ends_with(".json");
        asked.iter().filter(of).cloned().collect()
    }

    /// Every request.
    pub fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn next(&self, sid: &str) -> Option<Answer> {
        let mut files = self.files.lock().unwrap();
        let answers = files.get_mut(sid)?;
        if answers.len() > 1 {
            return Some(answers.remove(0));
        }
        answers.first().cloned()
    }
}

async fn answer(world: Data<World>, req: HttpRequest) -> HttpResponse {
    let authorization = req.headers().get("authorization");
    world.asked.lock().unwrap().push(Asked {
        path: req.path().to_owned(),
        query: req.query_string().to_owned(),
        authorization: authorization.map_or(String::new(), |v| v.to_str().unwrap().to_owned()),
    });
    let name = req.path().rsplit('/').next().unwrap_or_default();
    let (sid, ending) = name.split_once('.').unwrap_or((name, ""));
    let missing = || HttpResponse::NotFound().json(json!({ "code": 20404 }));
    if name == "Recordings.json" {
        let items = world.lists.lock().unwrap().get(req.query_string()).cloned();
        return HttpResponse::Ok().json(json!({ "recordings": items.unwrap_or_default() }));
    }
    if ending == "json" {
        let status = world.status.lock().unwrap().get(sid).copied();
        return status.map_or_else(missing, |status| {
            HttpResponse::Ok().json(json!({ "sid": sid, "status": status, "error_code": 16101 }))
        });
    }
    let wants_two = req.query_string().contains("RequestedChannels=2");
    if wants_two && *world.is_mono.lock().unwrap() {
        return HttpResponse::BadRequest().json(json!({ "code": 20001 }));
    }
    match world.next(sid) {
        None => missing(),
        Some(Answer::Status(status)) => {
            HttpResponse::build(status.try_into().unwrap()).json(json!({ "code": 20404 }))
        }
        Some(Answer::Page) => HttpResponse::Ok()
            .content_type("application/xml")
            .body("<?xml version='1.0'?><TwilioResponse><RestException/></TwilioResponse>"),
        Some(Answer::Redirect(to)) => HttpResponse::TemporaryRedirect()
            .insert_header(("location", to))
            .finish(),
        Some(Answer::Sound(file)) => HttpResponse::Ok().content_type("audio/x-wav").body(file),
        Some(Answer::Stalled(file)) => {
            let half = Bytes::from(file[..file.len() / 2].to_vec());
            let first = stream::once(async { Ok::<_, std::io::Error>(half) });
            HttpResponse::Ok()
                .content_type("audio/x-wav")
                .no_chunking(file.len() as u64)
                .streaming(first.chain(stream::pending()))
        }
        Some(Answer::Short(file)) => {
            let half = Bytes::from(file[..file.len() / 2].to_vec());
            let broken: Vec<Result<Bytes, std::io::Error>> =
                vec![Ok(half), Err(std::io::ErrorKind::BrokenPipe.into())];
            HttpResponse::Ok()
                .content_type("audio/x-wav")
                .no_chunking(file.len() as u64)
                .streaming(stream::iter(broken))
        }
    }
}
