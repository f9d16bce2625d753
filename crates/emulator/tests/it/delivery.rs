use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use twilio_api::NumberSettings;

use crate::app::Answer;
use crate::world::{CALLER, NUMBER, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fragment_asks_for_retries_and_is_neither_sent_nor_signed() {
    let world = World::start().await;
    world
        .number_at(world.at("/voice?tenant=acme#rc=3&rp=5xx"))
        .await;
    world.app.on(
        "/voice",
        [
            Answer::status(500),
            Answer::status(503),
            Answer::twiml("<Say>At last</Say>"),
        ],
    );
    let call = world.call(json!([])).await;
    assert!(call.has_heard("at last"));
    let hits = world.app.hits("/voice");
    assert_eq!(hits.len(), 3);
    assert!(
        hits.iter()
            .all(|hit| hit.query == "tenant=acme" && !hit.token.is_empty())
    );
    assert!(hits.iter().all(|hit| hit.token == hits[0].token));
    let attempts: Vec<u32> = world
        .handle
        .log(0)
        .iter()
        .filter(|entry| entry.kind == "voice")
        .map(|entry| entry.attempt)
        .collect();
    assert_eq!(attempts, [1, 2, 3]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_one_an_error_is_not_retried() {
    let world = World::start().await;
    world.number().await;
    world.app.on(
        "/voice",
        [Answer::status(500), Answer::twiml("<Say>Too late</Say>")],
    );
    let call = world.call(json!([])).await;
    assert!(!call.has_heard("too late"));
    assert_eq!(world.app.hits("/voice").len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn application_that_is_not_there_is_tried_twice() {
    let world = World::start().await;
    // A port that was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    world
        .number_at(Some(format!("http://{closed}/voice")))
        .await;
    world.call(json!([])).await;
    assert_eq!(world.errors(), [11205, 11205]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn application_that_is_too_slow_is_not_waited_for() {
    // All together, and until the answer begins: the five seconds for connecting are not added to that.
    for limit in ["tt=200", "rt=200"] {
        let world = World::start().await;
        world.number_at(world.at(&format!("/voice#{limit}"))).await;
        world.app.on(
            "/voice",
            [Answer::twiml("<Say>Zzz</Say>").after(Duration::from_secs(2))],
        );
        let call = world.call(json!([])).await;
        assert!(!call.has_heard("zzz"), "{limit}");
        assert_eq!(world.errors(), [11200], "{limit}");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_carries_everything_in_the_signed_query() {
    let world = World::start().await;
    let settings = NumberSettings {
        voice_url: world.at("/voice?name=It's a+b"),
        voice_method: Some("GET".to_owned()),
        ..NumberSettings::default()
    };
    world
        .number_with(settings)
        .await
        .on("/voice", "<Say>Hello</Say>");
    assert!(world.call(json!([])).await.has_heard("hello"));
    let voice = &world.app.hits("/voice")[0];
    assert_eq!(
        (voice.method.as_str(), voice.get("From"), voice.get("To")),
        ("GET", CALLER, NUMBER)
    );
    assert_eq!(voice.get("name"), "It's a b");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signature_covers_every_character() {
    let world = World::start().await;
    world.number().await.on("/sms", "");
    world
        .handle
        .message(CALLER, NUMBER, "  Héllo & bye + 100% ✓ 😀 \n", &[])
        .unwrap();
    let sms = &world.hits("/sms", 1).await[0];
    assert_eq!(sms.get("Body"), "  Héllo & bye + 100% ✓ 😀 \n");
    assert!(sms.genuine);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_sent_when_asked_for_and_hold_for_relative_urls() {
    let world = World::start().await;
    let voice_url = world.app.url.replace("//", "//us%40er:p%3Ass%20word@") + "/voice";
    world.number_at(Some(voice_url)).await;
    let asks = |inside: &str| [Answer::status(401), Answer::twiml(inside)];
    world.app.on("/voice", asks("<Redirect>menu</Redirect>"));
    world.app.on("/menu", asks("<Say>Welcome</Say>"));
    assert!(world.call(json!([])).await.has_heard("welcome"));
    let wanted = format!("Basic {}", STANDARD.encode("us@er:p:ss word"));
    for path in ["/voice", "/menu"] {
        let hits = world.app.hits(path);
        let sent: Vec<&str> = hits.iter().map(|hit| hit.authorization.as_str()).collect();
        assert_eq!(sent, ["", wanted.as_str()], "{path}");
    }
    let log = world.handle.log(0);
    assert!(log.iter().all(|entry| !entry.url.contains('@')));
    world.end().await;
}
