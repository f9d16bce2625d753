//! What tenants are told of is collected from when one of them wants to be told, and not before.

use std::sync::Arc;

use events::v1::CallStarted;
use serde_json::json;
use testkit::eventually;

use crate::notify::{a_call, listen};
use crate::test_app::TestApp;

/// Tells of a call that cannot be read; gives the event's id. Where calls are collected, it becomes a dead letter.
async fn tell_what_cannot_be_read(app: &TestApp) -> String {
    let mut envelope = app.envelope(&CallStarted::default());
    envelope.data = vec![0xff_u8].into();
    app.bus().publish(&envelope).await.unwrap();
    envelope.id
}

/// The events that died, when one has.
async fn dead(app: &TestApp) -> Vec<String> {
    let dead = async || app.bus().dead_letters(10).await.unwrap();
    eventually("a dead letter", async || !dead().await.is_empty()).await;
    let dead = dead().await.into_iter();
    dead.map(|letter| letter.envelope.id).collect()
}

async fn started(app: &TestApp) {
    let call = Some(a_call());
    app.publish(&CallStarted { call }).await;
}

pub async fn calls_are_collected_from_when_a_tenant_wants_to_be_told(app: Arc<TestApp>) {
    // Nobody has an address yet.
    tell_what_cannot_be_read(&app).await;
    let (theirs, _) = listen(&app, &[]).await;
    started(&app).await;
    assert_eq!(theirs.get(1).await[0].json()["call_sid"], "CA1");
    let collected = tell_what_cannot_be_read(&app).await;
    assert_eq!(dead(&app).await, [collected]);
    theirs.server.stop(false).await;
}

pub async fn refused_document_collects_nothing(app: Arc<TestApp>) {
    app.world().await;
    let wish =
        json!({ "id": "smith", "name": "Smith", "notify_url": "https://smith.example/hook" });
    let mut claim = wish.clone();
    claim["numbers"] = json!([{ "number": "+15550100011" }]);
    let (status, answer) = app.put("/api/tenants/smith", claim).await;
    assert_eq!(status, 422, "the number is of jones: {answer}");
    let (status, answer) = app.post("/api/tenants/", wish.clone()).await;
    assert_eq!(status, 409, "smith is there: {answer}");
    tell_what_cannot_be_read(&app).await;

    let (status, answer) = app.put("/api/tenants/smith", wish).await;
    assert_eq!(status, 200, "{answer}");
    let collected = tell_what_cannot_be_read(&app).await;
    assert_eq!(dead(&app).await, [collected]);
}

pub async fn new_broker_collects_for_who_wanted_it_before(app: Arc<TestApp>) {
    let (theirs, _) = listen(&app, &[]).await;
    app.stop().await;
    app.renew_bus().await;
    app.start_again().await;
    // What is told before the role has looked at its tenants is not collected.
    eventually("a call is posted", async || {
        started(&app).await;
        !theirs.posts().is_empty()
    })
    .await;
    assert_eq!(theirs.posts()[0].json()["type"], "call.started");
    theirs.server.stop(false).await;
}
