//! The recipe for a webhook, in `docs/architecture.md`, followed with one that Twilio does not have. What the table's other rows
//! get, a row that is added gets.

use std::sync::Arc;

use api::{Method, Route};
use clock::Clock;
use events::Envelope;
use events::v1::TwimlReply;
use role::{Parts, Role};
use serde_json::Value;
use testkit::{EventRecorder, Mode, TestPlatform};
use url::form_urlencoded::Serializer;
use webhook::signature::{Token, sign_form, sign_url};
use webhook::{Invalid, Params, VoiceRequest};

use crate::read::InboundEvent;
use crate::request::{SIGNATURE, SignedRequest};
use crate::routes;
use crate::spool::Spool;
use crate::webhook_handler::WebhookHandler;
use crate::webhooks::{Fallback, ResponseKind, Wait, Webhook};

const BASE: &str = "https://trunkline.example";
const TOKEN: &str = "11111111111111111111111111111111";
const ACCOUNT: &str = "AC00000000000000000000000000000001";
const CALL: &str = "CA00000000000000000000000000000001";
/// What the caller hears from whoever decides.
const ANSWER: &str = "<Response><Say>Come in.</Say></Response>";

const PATH: &str = "/webhooks/doorbell";
const EVENT: &str = "doorbell.rung";

/// A caller rings at a door.
const TABLE: &[Webhook] = &[Webhook {
    path: PATH,
    response: ResponseKind::Voice,
    waits: Some(Wait {
        deadline_s: 4,
        fallback: Fallback::TryAgain,
    }),
    read: rung,
    query: None,
}];
const ROUTES: &[Route] = &routes::for_table::<2>(TABLE);

/// The event's data are the door.
fn rung(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let request = VoiceRequest::parse(&signed.params)?;
    let call = request.call();
    Ok(InboundEvent {
        kind: EVENT,
        data: signed.get("Door").unwrap_or_default().to_owned().into(),
        key: call.sid().as_str().to_owned(),
        number: call.to().as_str().to_owned(),
        over: false,
    })
}

/// A front door with this table.
fn role(parts: &Parts) -> Role {
    let mut role = Role::new("ingress", parts);
    let spool = Spool::open(&parts.settings.data_dir.join("spool")).unwrap();
    let handler = WebhookHandler::new(parts, Arc::new(spool), TABLE, 2);
    role.serves(ROUTES, handler);
    role
}

fn form(call: &str, door: &str) -> Vec<(&'static str, String)> {
    let form = [
        ("CallSid", call),
        ("AccountSid", ACCOUNT),
        ("From", "+15550109999"),
        ("To", "+15550100001"),
        ("CallStatus", "in-progress"),
        ("Door", door),
    ];
    form.map(|(name, value)| (name, value.to_owned())).to_vec()
}

/// Sends a form as Twilio does, signed with a token.
async fn ring(
    app: &TestPlatform,
    method: Method,
    token: &str,
    form: &[(&str, String)],
) -> (u16, Value) {
    let token = Token::new(token).unwrap();
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    let (name, path, body, signature) = match method {
        Method::Get => {
            let path = format!("{PATH}?{body}");
            let signature = sign_url(&token, &format!("{BASE}{path}"));
            ("GET", path, None, signature)
        }
        _ => {
            let params: Params = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let signature = sign_form(&token, &format!("{BASE}{PATH}"), &params);
            ("POST", PATH.to_owned(), Some(body), signature)
        }
    };
    let headers = [
        (SIGNATURE, signature.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    app.send(name, &path, &headers, body.as_deref()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_added_to_the_table_is_verified_published_and_answered() {
    let settings = [
        ("WEBHOOK_BASE_URL", BASE),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKEN),
    ];
    let app = TestPlatform::new("toy", Mode::Embedded, Clock::system(), &settings).await;
    let parts = app.open().await;
    // Who decides answers for one door, and is silent about the other.
    let recorder = Arc::<EventRecorder>::default();
    let decide = |event: &Envelope| {
        let reply = TwimlReply { xml: ANSWER.into() };
        (event.data == "front").then(|| Envelope::new("trunkline/test", &Clock::system(), &reply))
    };
    recorder
        .listen_and_answer("test.doorbell", &parts.bus, &[EVENT], decide)
        .await;
    app.start(vec![role(&parts)]).await;

    // What Twilio has not signed, and what cannot be right, goes no further.
    let another = "22222222222222222222222222222222";
    let (status, _) = ring(&app, Method::Post, another, &form(CALL, "front")).await;
    assert_eq!(status, 403);
    let (status, spoken) = ring(&app, Method::Post, TOKEN, &form("no-call-sid", "front")).await;
    assert_eq!(status, 200, "a live call must not break");
    assert!(spoken.as_str().unwrap().contains("<Hangup/>"), "{spoken}");
    assert!(recorder.all().is_empty());

    for method in [Method::Post, Method::Get] {
        let answered = ring(&app, method, TOKEN, &form(CALL, "front")).await;
        assert_eq!(answered, (200, ANSWER.into()));
    }
    let (status, fallback) = ring(&app, Method::Post, TOKEN, &form(CALL, "back")).await;
    assert_eq!(status, 200);
    let goes_round = "/continue-interview?try=1";
    assert!(
        fallback.as_str().unwrap().contains(goes_round),
        "{fallback}"
    );
    let heard = recorder.take(3).await;
    let heard: Vec<_> = heard
        .iter()
        .map(|it| (it.kind.as_str(), it.key.as_deref(), &it.data[..]))
        .collect();
    let expected = ["front", "front", "back"].map(|door| (EVENT, Some(CALL), door.as_bytes()));
    assert_eq!(heard, expected);

    let (_, document) = app.send("GET", "/api/openapi.json", &[], None).await;
    for method in ["get", "post"] {
        let operation = &document["paths"][PATH][method];
        assert!(
            operation["security"][0]["twilioSignature"].is_array(),
            "{method}: {operation}"
        );
    }
    app.close().await;
}
