//! A business that wants to be told: its address gets each event, signed, until it takes it.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::fixtures::{caller, world};
use crate::local_platform::{LocalPlatform, Mode, Plan, behaves, eventually, play, so, stays};

const NUMBER: &str = "+15550100071";
const OWNER: &str = "+15550100072";
/// 24 bytes, as Standard Webhooks wants them.
const KEY: &[u8] = b"24-bytes-of-e2e-secrets!";

/// What came to the address, and what was answered.
struct Posted {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    answered: u16,
}

impl Posted {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// By the specification of Standard Webhooks.
    fn is_signed(&self) {
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(&self.body);
        let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let given = self.header("webhook-signature");
        assert!(given.split(' ').any(|one| one == right), "{given}");
        let at = DateTime::from_timestamp(time.parse().unwrap(), 0).unwrap();
        let age = clock::Clock::system().now() - at;
        assert!(
            age.num_seconds().abs() < 300,
            "the time of the attempt: {at}"
        );
    }
}

type Inbox = Arc<Mutex<Vec<Posted>>>;

/// An address that refuses twice and then takes everything.
fn address(inbox: &Inbox) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let inbox = web::Data::from(inbox.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(inbox.clone())
            .default_service(web::to(take))
    });
    let server = server
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap();
    tokio::spawn(server.run());
    format!("http://127.0.0.1:{port}/hooks/calls?business=told")
}

async fn take(
    request: HttpRequest,
    body: web::Bytes,
    inbox: web::Data<Mutex<Vec<Posted>>>,
) -> HttpResponse {
    let mut inbox = inbox.lock().unwrap();
    let answered = if inbox.len() < 2 { 500 } else { 200 };
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    inbox.push(Posted {
        headers: headers.collect(),
        body: body.to_vec(),
        answered,
    });
    HttpResponse::build(answered.try_into().unwrap()).finish()
}

pub async fn business_is_told_of_its_calls(mode: Mode) {
    let inbox = Inbox::default();
    let secret = format!("whsec_{}", STANDARD.encode(KEY));
    let told = format!(
        r#"
- id: told
  name: Told & Co
  forward_to: "{OWNER}"
  dial_timeout_s: 5
  notify_url: "{}"
  notify_secret: {secret}
  numbers: [{{number: "{NUMBER}"}}]
"#,
        address(&inbox)
    );
    let world = format!("{}{told}", world());
    play(Plan::new(mode, &world), async |platform: &LocalPlatform| {
        platform.secret(&secret);
        platform.twilio.callee(OWNER, behaves("busy")).await;
        let from = caller(1);
        let sid = platform.twilio.call(&from, NUMBER, stays()).await;
        platform.texted(&from, 1).await;
        platform.rests();
        for kind in ["call.started", "call.missed", "call.ended", "message.sent"] {
            eventually(kind, async || {
                let inbox = inbox.lock().unwrap();
                so(inbox
                    .iter()
                    .any(|it| it.answered == 200 && it.json()["type"] == kind))
            })
            .await;
        }
        let call = platform.settled(&sid).await;
        let inbox = inbox.lock().unwrap();
        for posted in inbox.iter() {
            posted.is_signed();
            let body = posted.json();
            assert_eq!(body["id"], posted.header("webhook-id"), "{body:#}");
            assert_eq!(posted.header("content-type"), "application/json");
            assert_eq!(body["tenant_id"], "told");
            assert!(
                body["time"]
                    .as_str()
                    .unwrap()
                    .parse::<DateTime<Utc>>()
                    .is_ok(),
                "{body:#}"
            );
            if body["type"].as_str().unwrap().starts_with("call.") {
                assert_eq!(
                    (&body["call_sid"], &body["call_id"]),
                    (&call["call_sid"], &call["id"])
                );
                assert_eq!((&body["from"], &body["to"]), (&call["from"], &call["to"]));
                assert!(
                    body["started_at"]
                        .as_str()
                        .unwrap()
                        .parse::<DateTime<Utc>>()
                        .is_ok()
                );
            }
        }
        let missed: Vec<Value> = inbox
            .iter()
            .map(Posted::json)
            .filter(|b| b["type"] == "call.missed")
            .collect();
        assert_eq!(missed[0]["reason"], "busy");
        // Each that was refused came again, as the same, and was taken.
        for refused in inbox.iter().filter(|it| it.answered == 500) {
            let id = refused.header("webhook-id");
            assert!(
                inbox
                    .iter()
                    .any(|it| it.answered == 200 && it.header("webhook-id") == id),
                "{id}"
            );
        }
        // What was taken does not come again.
        let mut taken: Vec<&str> = inbox
            .iter()
            .filter(|it| it.answered == 200)
            .map(|it| it.header("webhook-id"))
            .collect();
        let count = taken.len();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken.len(), count);
    })
    .await;
}
