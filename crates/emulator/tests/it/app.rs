//! The customer's application: answers what it is told to, and refuses what Twilio did not sign.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Bytes};
use actix_web::{App as Actix, HttpRequest, HttpResponse, HttpServer};
use webhook::signature::{Body, Request, Token, Validator};

/// What to answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<&'static str>,
    pub body: Vec<u8>,
    pub etag: Option<&'static str>,
    pub cookies: Vec<&'static str>,
    pub delay: Duration,
}

impl Answer {
    pub fn twiml(inside: &str) -> Self {
        Self {
            status: 200,
            content_type: Some("text/xml"),
            body: format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{inside}</Response>"
            )
            .into_bytes(),
            etag: None,
            cookies: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    pub fn of(content_type: Option<&'static str>, body: &str) -> Self {
        Self {
            status: 200,
            content_type,
            body: body.as_bytes().to_vec(),
            etag: None,
            cookies: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    /// A file with an entity tag.
    pub fn sound(content_type: &'static str, body: &[u8]) -> Self {
        Self {
            status: 200,
            content_type: Some(content_type),
            body: body.to_vec(),
            etag: Some("\"one\""),
            cookies: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            body: Vec::new(),
            etag: None,
            cookies: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// With a `Set-Cookie` for each of these.
    pub fn setting<const N: usize>(self, cookies: [&'static str; N]) -> Self {
        Self {
            cookies: cookies.to_vec(),
            ..self
        }
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Hit {
    pub method: String,
    pub path: String,
    pub query: String,
    pub params: HashMap<String, String>,
    pub genuine: bool,
    pub token: String,
    pub authorization: String,
    pub cookie: String,
}

impl Hit {
    pub fn get(&self, name: &str) -> &str {
        self.params
            .get(name)
            .map(String::as_str)
            .unwrap_or("(absent)")
    }
}

#[derive(Default)]
struct Inside {
    answers: HashMap<String, VecDeque<Answer>>,
    hits: Vec<Hit>,
}

#[derive(Clone)]
pub struct App {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
    server: ServerHandle,
}

impl App {
    pub fn start(token: &str) -> Self {
        let inside = Arc::new(Mutex::new(Inside::default()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let data = web::Data::new((Arc::clone(&inside), url.clone(), token.to_owned()));
        let server = HttpServer::new(move || {
            Actix::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            url,
            inside,
            server: handle,
        }
    }

    /// Answers at a path, one after the other; the last stays.
    pub fn on(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.inside
            .lock()
            .unwrap()
            .answers
            .insert(path.to_owned(), answers.into_iter().collect());
    }

    pub fn hits(&self, path: &str) -> Vec<Hit> {
        self.inside
            .lock()
            .unwrap()
            .hits
            .iter()
            .filter(|hit| hit.path == path)
            .cloned()
            .collect()
    }

    pub fn all(&self) -> Vec<Hit> {
        self.inside.lock().unwrap().hits.clone()
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

type Shared = (Arc<Mutex<Inside>>, String, String);

async fn answer(request: HttpRequest, shared: web::Data<Shared>, body: Bytes) -> HttpResponse {
    let (inside, url, token) = shared.get_ref();
    let is_post = request.method() == "POST";
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let fields = if is_post {
        body.as_ref()
    } else {
        request.query_string().as_bytes()
    };
    let form = webhook::parse_form(fields, 100_000).unwrap();
    let signed = Request {
        url: &format!("{url}{}", request.uri()),
        signature: header("X-Twilio-Signature"),
        body: if is_post {
            Body::Form(&form)
        } else {
            Body::Empty
        },
    };
    let genuine = Validator::new([Token::new(token).unwrap()])
        .verify(&signed)
        .is_ok();
    let answer = {
        let mut inside = inside.lock().unwrap();
        inside.hits.push(Hit {
            method: request.method().to_string(),
            path: request.path().to_owned(),
            query: request.query_string().to_owned(),
            params: form
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            genuine,
            token: header("I-Twilio-Idempotency-Token")
                .unwrap_or_default()
                .to_owned(),
            authorization: header("Authorization").unwrap_or_default().to_owned(),
            cookie: header("Cookie").unwrap_or_default().to_owned(),
        });
        let answers = inside.answers.entry(request.path().to_owned()).or_default();
        match answers.len() {
            0 => Answer::twiml(""),
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        }
    };
    if !genuine {
        return HttpResponse::Forbidden().finish();
    }
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    if answer.etag.is_some() && header("If-None-Match") == answer.etag {
        return HttpResponse::NotModified().finish();
    }
    let mut response = HttpResponse::build(answer.status.try_into().unwrap());
    if let Some(content_type) = answer.content_type {
        response.content_type(content_type);
    }
    if let Some(etag) = answer.etag {
        response.insert_header(("ETag", etag));
    }
    for cookie in answer.cookies {
        response.append_header(("Set-Cookie", cookie));
    }
    response.body(answer.body)
}
