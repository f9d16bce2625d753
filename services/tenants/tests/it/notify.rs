//! Posts to a tenant's own address.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use events::v1::{
    Call, CallAnswered, CallEnded, CallMissed, CallStarted, InboundText, MessageFailed,
    MessageRefused, MessageSent, TwilioSmsInbound,
};
use serde_json::{Value, json};
use settings::Secret;
use tenants::app::notification::sign;
use testkit::eventually;

use crate::fixtures::{ACCOUNT, webhook};
use crate::test_app::{TestApp, log};

/// A post as it came.
#[derive(Clone)]
pub struct Post {
    id: String,
    timestamp: i64,
    signature: String,
    body: Vec<u8>,
}

impl Post {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A platform of the tenant's, which answers as told, and 204 after that.
#[derive(Clone)]
pub struct Theirs {
    url: String,
    posts: Arc<Mutex<Vec<Post>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
    pub server: ServerHandle,
}

impl Theirs {
    pub async fn start(answers: &[u16]) -> Self {
        let posts: Arc<Mutex<Vec<Post>>> = Arc::default();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
        let state = (posts.clone(), answers.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(state.clone()))
                .default_service(web::to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}/hook", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            url,
            posts,
            answers,
            server: handle,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    pub async fn get(&self, count: usize) -> Vec<Post> {
        eventually("a post", async || self.posts().len() >= count).await;
        self.posts()
    }
}

type State = (Arc<Mutex<Vec<Post>>>, Arc<Mutex<VecDeque<u16>>>);

async fn take(state: web::Data<State>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .map_or("", |v| v.to_str().unwrap())
            .to_owned()
    };
    assert_eq!(request.path(), "/hook", "a redirect was followed");
    state.0.lock().unwrap().push(Post {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body: body.to_vec(),
    });
    let answer = state.1.lock().unwrap().pop_front().unwrap_or(204);
    let mut response = HttpResponse::build(answer.try_into().unwrap());
    response.insert_header(("location", "/elsewhere"));
    response.body("x".repeat(if answer == 204 { 0 } else { 1 << 20 }))
}

pub async fn listen(app: &TestApp, answers: &[u16]) -> (Theirs, Secret) {
    let theirs = Theirs::start(answers).await;
    app.world().await;
    let (status, tenant) = app
        .put(
            "/api/tenants/smith",
            json!({ "name": "Smith", "notify_url": theirs.url }),
        )
        .await;
    assert_eq!(status, 200, "{tenant}");
    (
        theirs,
        Secret::new(tenant["notify_secret"].as_str().unwrap()),
    )
}

pub fn a_call() -> Call {
    Call {
        id: "call1".into(),
        call_sid: "CA1".into(),
        tenant_id: "smith".into(),
        direction: "inbound".into(),
        from: "+15550109999".into(),
        to: "+15550100001".into(),
        status: "no-answer".into(),
        duration_s: Some(20),
        ..Call::default()
    }
}

pub async fn missed_call_is_posted_and_signed(app: Arc<TestApp>) {
    let (theirs, secret) = listen(&app, &[]).await;
    let missed = CallMissed {
        call: Some(a_call()),
        reason: "no-answer".into(),
        ..CallMissed::default()
    };
    let envelope = app.envelope(&missed);
    app.bus().publish(&envelope).await.unwrap();
    let post = theirs.get(1).await.remove(0);
    let signature = sign(&secret, &post.id, post.timestamp, &post.body);
    assert_eq!(
        (Some(&post.signature), &post.id),
        (signature.as_ref(), &envelope.id)
    );
    let body = post.json();
    for (field, value) in [
        ("id", json!(envelope.id)),
        ("type", json!("call.missed")),
        ("tenant_id", json!("smith")),
        ("call_sid", json!("CA1")),
        ("from", json!("+15550109999")),
        ("to", json!("+15550100001")),
        ("status", json!("no-answer")),
        ("direction", json!("inbound")),
        ("outcome", json!("missed")),
        ("reason", json!("no-answer")),
        ("duration_s", json!(0)),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    for field in ["time", "ended_at"] {
        assert!(chrono::DateTime::parse_from_rfc3339(body[field].as_str().unwrap()).is_ok());
    }
    // The others, and of nobody who did not ask.
    app.publish(&CallStarted {
        call: Some(a_call()),
    })
    .await;
    app.publish(&CallAnswered {
        call: Some(a_call()),
    })
    .await;
    app.publish(&CallEnded {
        call: Some(Call {
            tenant_id: "jones".into(),
            ..a_call()
        }),
    })
    .await;
    app.publish(&CallEnded {
        call: Some(a_call()),
    })
    .await;
    let sent = MessageSent {
        tenant_id: "smith".into(),
        message_id: "m1".into(),
        conversation_id: "c1".into(),
        ..MessageSent::default()
    };
    app.publish(&sent).await;
    let refused = MessageRefused {
        tenant_id: "smith".into(),
        code: 21610,
        reason: "opted_out".into(),
        ..MessageRefused::default()
    };
    app.publish(&refused).await;
    let failed = MessageFailed {
        tenant_id: "smith".into(),
        code: 30003,
        status: "undelivered".into(),
        ..MessageFailed::default()
    };
    app.publish(&failed).await;
    let mut posts: Vec<Value> = theirs.get(7).await.iter().map(Post::json).collect();
    assert_eq!(posts.len(), 7);
    posts.sort_by_key(|p| p["type"].as_str().unwrap().to_owned());
    let kinds: Vec<&str> = posts.iter().map(|p| p["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "call.answered",
            "call.ended",
            "call.missed",
            "call.started",
            "message.failed",
            "message.refused",
            "message.sent"
        ]
    );
    assert_eq!(
        (&posts[1]["duration_s"], &posts[5]["code"]),
        (&json!(20), &json!(21610))
    );
    assert_eq!(
        (&posts[4]["status"], &posts[4]["code"]),
        (&json!("undelivered"), &json!(30003))
    );
    assert_eq!(
        (&posts[6]["conversation_id"], &posts[6]["message_id"]),
        (&json!("c1"), &json!("m1"))
    );
    theirs.server.stop(false).await;
}

pub async fn refused_post_is_tried_again(app: Arc<TestApp>) {
    let (theirs, secret) = listen(&app, &[500, 401]).await;
    app.publish(&CallStarted {
        call: Some(a_call()),
    })
    .await;
    let posts = theirs.get(3).await;
    assert!(
        posts
            .iter()
            .all(|p| p.id == posts[0].id && p.body == posts[0].body)
    );
    assert!(
        posts
            .iter()
            .all(|p| sign(&secret, &p.id, p.timestamp, &p.body).as_ref() == Some(&p.signature))
    );
    // Never taken: to the dead letters, with no address in the words.
    theirs.answers.lock().unwrap().extend([500; 5]);
    app.publish(&CallEnded {
        call: Some(a_call()),
    })
    .await;
    eventually("it is a dead letter", async || {
        !app.bus().dead_letters(10).await.unwrap().is_empty()
    })
    .await;
    assert_eq!(theirs.posts().len(), 3 + 5);
    theirs.server.stop(false).await;
    app.publish(&CallAnswered {
        call: Some(a_call()),
    })
    .await;
    eventually("another dead letter", async || {
        app.bus().dead_letters(10).await.unwrap().len() == 2
    })
    .await;
    assert!(!log().text().contains(&theirs.url));
}

pub async fn gone_is_the_end(app: Arc<TestApp>) {
    let (theirs, _) = listen(&app, &[410]).await;
    app.publish(&CallStarted {
        call: Some(a_call()),
    })
    .await;
    theirs.get(1).await;
    app.publish(&CallStarted {
        call: Some(Call {
            call_sid: "CA2".into(),
            ..a_call()
        }),
    })
    .await;
    let posts = theirs.get(2).await;
    assert_eq!(
        posts
            .iter()
            .map(|p| p.json()["call_sid"].clone())
            .collect::<Vec<_>>(),
        ["CA1", "CA2"]
    );
    assert!(app.bus().dead_letters(10).await.unwrap().is_empty());
    theirs.server.stop(false).await;
}

pub async fn text_is_posted_with_its_words(app: Arc<TestApp>) {
    let (theirs, _) = listen(&app, &[]).await;
    let text = InboundText {
        message_sid: "SM1".into(),
        from: "+15550109999".into(),
        to: "+15550100001".into(),
        body: "My water heater burst".into(),
        ..InboundText::default()
    };
    let webhook = Some(webhook("/webhooks/twilio/sms", ACCOUNT));
    app.publish(&TwilioSmsInbound {
        webhook,
        text: Some(text),
    })
    .await;
    let body = theirs.get(1).await[0].json();
    assert_eq!(
        (&body["type"], &body["message_sid"]),
        (&json!("sms.inbound"), &json!("SM1"))
    );
    assert_eq!(
        (&body["body"], &body["direction"]),
        (&json!("My water heater burst"), &json!("inbound"))
    );
    assert!(!log().text().contains("water heater"));
    theirs.server.stop(false).await;
}

pub async fn redirect_is_not_followed(app: Arc<TestApp>) {
    let (theirs, _) = listen(&app, &[307, 302]).await;
    app.publish(&CallStarted {
        call: Some(a_call()),
    })
    .await;
    // Each is a refusal; the third is taken.
    assert_eq!(theirs.get(3).await.len(), 3);
    theirs.server.stop(false).await;
}
