//! The console before roles that answer as a test says, and keep what they are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

/// What was asked: method, path, the header If-Match, body.
pub type Asked = (String, String, String, Value);

/// Answers by method and path, without the query; unknown: 404.
#[derive(Clone, Default)]
pub struct Roles {
    answers: Arc<Mutex<HashMap<String, (u16, Value)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    queries: Arc<Mutex<HashMap<String, String>>>,
    pub url: String,
}

impl Roles {
    /// Begins to answer.
    pub fn start() -> Self {
        let roles = Self::default();
        let state = roles.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(state.clone()))
                .default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        Self { url, ..roles }
    }

    /// From now on this is answered there.
    pub fn say(&self, what: &str, status: u16, body: Value) {
        let mut answers = self.answers.lock().unwrap();
        answers.insert(what.to_owned(), (status, body));
    }

    /// A list with these rows.
    pub fn list(&self, path: &str, items: Value) {
        let body = json!({ "items": items, "next_cursor": null });
        self.say(&format!("GET {path}"), 200, body);
    }

    /// What was told with this method at this path, the last.
    pub fn told(&self, what: &str) -> Asked {
        let asked = self.asked.lock().unwrap();
        let found = asked
            .iter()
            .rev()
            .find(|it| format!("{} {}", it.0, it.1) == what);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{what} was not asked: {asked:#?}"))
    }

    /// What followed the path when it was asked last.
    pub fn query(&self, what: &str) -> String {
        let queries = self.queries.lock().unwrap();
        queries.get(what).cloned().unwrap_or_default()
    }

    /// How often that was told.
    pub fn times(&self, what: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|it| format!("{} {}", it.0, it.1) == what)
            .count()
    }
}

async fn answer(roles: web::Data<Roles>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let seen = request.headers().get("if-match");
    let seen = seen.map_or("", |it| it.to_str().unwrap()).to_owned();
    let (method, path) = (request.method().to_string(), request.path().to_owned());
    let what = format!("{method} {path}");
    let body = serde_json::from_slice(&body).unwrap_or_default();
    let query = request.query_string().to_owned();
    roles.queries.lock().unwrap().insert(what.clone(), query);
    roles.asked.lock().unwrap().push((method, path, seen, body));
    let found = roles.answers.lock().unwrap().get(&what).cloned();
    let (status, body) = found.unwrap_or((404, json!({})));
    HttpResponse::build(status.try_into().unwrap()).json(body)
}
