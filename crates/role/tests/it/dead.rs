//! Dead letters: who sees them, and in which pages.

use std::sync::Arc;

use bytes::Bytes;
use clock::Time;
use events::Envelope;
use events::v1::KeyQuery;
use serde_json::Value;
use testkit::{ADMIN, eventually};

use crate::test_app::TestApp;

/// A page as the bearer of a key sees it: its letters, and where the next one begins.
async fn page(app: &TestApp, key: &str, query: &str) -> (Vec<Value>, Option<String>) {
    let path = format!("/api/dead-letters/{query}");
    let (status, list) = app.see(&path, key).await;
    assert_eq!(status, 200, "{list}");
    let next = list["next_cursor"].as_str().map(str::to_owned);
    (list["items"].as_array().unwrap().clone(), next)
}

fn id(letter: &Value) -> String {
    letter["id"].as_str().unwrap().to_owned()
}

async fn replay(app: &TestApp, key: &str, id: &str) -> (u16, Value) {
    let path = format!("/api/dead-letters/{id}/replay");
    app.call("POST", &path, key, None).await
}

/// Publishes what no consumer can handle, and waits until it is dead.
async fn die(app: &TestApp, envelopes: &[Envelope]) {
    for envelope in envelopes {
        app.bus().publish(envelope).await.unwrap();
    }
    eventually("all are dead", async || {
        app.dead().await.len() == envelopes.len()
    })
    .await;
}

pub async fn bound_key_sees_its_own_dead_letters(app: Arc<TestApp>) {
    app.keys.give("smiths-key", "smith", &["admin"]);
    let nobodys = Envelope {
        tenant: None,
        ..app.order("nobodys", "never")
    };
    let internal = Envelope {
        data: Bytes::from_static(b"\xff"),
        ..app.envelope(&KeyQuery::default()).tenant("smith")
    };
    let own = app.order("own", "never");
    let theirs = app.order("theirs", "never").tenant("jones");
    die(&app, &[own, theirs, nobodys, internal]).await;

    let (all, _) = page(&app, ADMIN, "").await;
    assert_eq!(all.len(), 4, "the platform's own key sees all of them");
    let own = "own@sample.obedient";
    let (shown, next) = page(&app, "smiths-key", "").await;
    let shown: Vec<_> = shown.iter().map(id).collect();
    assert_eq!((shown, next), (vec![own.to_owned()], None));

    let none = replay(&app, "smiths-key", "none@nowhere").await;
    assert_eq!(none.0, 404);
    for other in all.iter().map(id).filter(|id| id != own) {
        assert_eq!(replay(&app, "smiths-key", &other).await, none, "{other}");
    }
    let (after, _) = page(&app, ADMIN, "").await;
    assert_eq!(after, all, "none of them has been touched");
    assert_eq!(replay(&app, "smiths-key", own).await.0, 202);
    let theirs = "theirs@sample.obedient";
    assert_eq!(replay(&app, ADMIN, theirs).await.0, 202);
}

pub async fn dead_letter_makes_readiness_say_degraded(app: Arc<TestApp>) {
    let ready = async || app.call("GET", "/health/ready", "", None).await;
    let (status, before) = ready().await;
    assert_eq!(
        (status, &before["status"]),
        (200, &Value::from("ok")),
        "{before}"
    );
    assert_eq!(before["parts"].get("dead_letters"), None);
    die(&app, &[app.order("e1", "never"), app.order("e2", "never")]).await;
    let (status, after) = ready().await;
    assert_eq!((status, &after["status"]), (200, &Value::from("degraded")));
    let words = after["parts"]["dead_letters"].as_str().unwrap();
    assert!(words.starts_with("2 events"), "{words}");
}

pub async fn dead_letters_come_in_pages(app: Arc<TestApp>) {
    let orders: Vec<_> = (0..5)
        .map(|n| app.order(&format!("e{n}"), "never"))
        .collect();
    die(&app, &orders).await;
    let (all, next) = page(&app, ADMIN, "").await;
    assert_eq!((all.len(), next), (5, None));
    let died_at = |letter: &Value| letter["died_at"].as_str().unwrap().parse::<Time>().unwrap();
    assert!(
        all.is_sorted_by(|one, next| died_at(one) >= died_at(next)),
        "the newest come first: {all:?}"
    );

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (letters, next) = page(&app, ADMIN, &format!("?limit=2{cursor}")).await;
        let expected = if next.is_some() { 2 } else { 1 };
        assert_eq!(letters.len(), expected);
        seen.extend(letters);
        let Some(next) = next else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, all);
    for cursor in ["none", "soon-e1@sample.obedient"] {
        let path = format!("/api/dead-letters/?cursor={cursor}");
        let (status, refusal) = app.see(&path, ADMIN).await;
        assert_eq!(
            (status, &refusal["error"]["details"]["field"]),
            (422, &Value::from("cursor"))
        );
    }
}
