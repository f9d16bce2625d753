//! Twilio's REST API, as far as the platform needs it to go on: it takes messages and remembers when, and knows every call as over.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::Result;
use parking_lot::Mutex;
use serde_json::json;

/// The carrier.
pub struct Carrier {
    /// For `TWILIO_API_BASE_URL`.
    pub url: String,
    inside: Arc<Inside>,
    server: ServerHandle,
}

#[derive(Default)]
struct Inside {
    next: AtomicU64,
    /// When the first message to a number came, and how many.
    texts: Mutex<HashMap<String, (Instant, usize)>>,
}

impl Carrier {
    /// Starts it on a free port, in a thread of its own.
    pub fn start() -> Result<Self> {
        let inside = Arc::new(Inside::default());
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}", listener.local_addr()?);
        let data = Data::from(Arc::clone(&inside));
        let server = HttpServer::new(move || {
            let app = App::new().app_data(data.clone());
            app.default_service(web::to(answer))
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

    /// When the first message to a number came, and how many did.
    pub fn texted(&self, number: &str) -> Option<(Instant, usize)> {
        let texts = self.inside.texts.lock();
        let texts = texts;
        texts.get(number).copied()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

/// A form's field that one looks for.
fn field(form: &str, name: &str) -> String {
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value);
    value.unwrap_or_default().replace("%2B", "+")
}

async fn answer(inside: Data<Inside>, request: HttpRequest, form: String) -> HttpResponse {
    let number = inside.next.fetch_add(1, Ordering::Relaxed);
    let name = request.path().rsplit('/').next().unwrap_or_default();
    let account = request.path().split('/').nth(3).unwrap_or_default();
    let is_call = request.path().contains("/Calls/");
    match (request.method(), name) {
        (&Method::POST, "Messages.json") => {
            let to = field(&form, "To");
            let texts = inside.texts.lock();
            let mut texts = texts;
            texts.entry(to.clone()).or_insert((Instant::now(), 0)).1 += 1;
            HttpResponse::Created().json(json!({
                "sid": format!("SM{number:032x}"), "account_sid": account, "status": "queued",
                "from": field(&form, "From"), "to": to, "body": "", "direction": "outbound-api",
                "num_segments": "1", "num_media": "0", "error_code": null,
            }))
        }
        (&Method::GET, "Messages.json") => HttpResponse::Ok().json(json!({
            "messages": [], "page": 0, "page_size": 50, "next_page_uri": null,
        })),
        (&Method::GET, "IncomingPhoneNumbers.json") => HttpResponse::Ok().json(json!({
            "incoming_phone_numbers": [], "page": 0, "page_size": 50, "next_page_uri": null,
        })),
        _ if is_call => HttpResponse::Ok().json(json!({
            "sid": name.trim_end_matches(".json"), "account_sid": account, "status": "completed",
            "direction": "inbound", "duration": "30",
        })),
        _ => HttpResponse::NotFound().json(json!({
            "code": 20404, "message": "The requested resource was not found", "status": 404,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_of_a_form_is_found_with_its_plus() {
        let form = "From=%2B14155550101&To=%2B14152000007&Body=a";
        assert_eq!(field(form, "To"), "+14152000007");
        assert_eq!(field(form, "Nothing"), "");
    }
}
