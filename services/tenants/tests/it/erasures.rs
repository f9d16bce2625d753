//! Erasures: who is told, when they are over, and what is left of them; and whose things have been kept long enough.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use events::v1::person_forgotten::Count;
use events::v1::{PersonForget, PersonForgotten, RetentionDue};
use serde_json::{Value, json};
use tenants::app::erasure::ROLES;
use testkit::eventually;

use crate::test_app::TestApp;

const PERSON: &str = "+15550109999";

async fn begin(app: &TestApp, key: &str) -> String {
    let (status, begun) = app
        .post_once("/api/erasures/", key, json!({ "number": PERSON }))
        .await;
    assert_eq!(status, 202, "{begun}");
    begun["id"].as_str().unwrap().to_owned()
}

async fn answer(app: &TestApp, id: &str, part: &str, awaits: &[&str]) {
    let removed = Count {
        what: "rows".into(),
        count: 2,
    };
    app.publish(&PersonForgotten {
        receipt_id: id.into(),
        part: part.into(),
        counts: vec![removed],
        awaits: awaits.iter().map(|part| (*part).to_owned()).collect(),
    })
    .await;
}

async fn receipt(app: &TestApp, id: &str, done: usize) -> Value {
    let path = format!("/api/erasures/{id}");
    eventually("so many parts are done", async || {
        // It is there a moment after it was asked for.
        let (status, receipt) = app.call("GET", &path, testkit::ADMIN, None).await;
        let parts = receipt["parts"].as_array().cloned().unwrap_or_default();
        let told = parts.iter().filter(|it| it["status"] == "done");
        status == 200 && told.count() == done
    })
    .await;
    app.get(&path).await
}

pub async fn erasure_is_over_when_every_part_has_answered(app: Arc<TestApp>) {
    app.world().await;
    let id = begin(&app, "once").await;
    assert_eq!(
        begin(&app, "once").await,
        id,
        "two requests with one key are one"
    );
    let (_, asked) = app.recorder.wait_for::<PersonForget>(1).await.remove(0);
    assert_eq!(
        (asked.number.as_str(), asked.tenant_id.as_str()),
        (PERSON, "")
    );
    for (n, role) in ROLES.iter().enumerate() {
        // The first has ordered something of another.
        let awaits: &[&str] = if n == 0 { &["streams/x"] } else { &[] };
        answer(&app, &id, role, awaits).await;
    }
    let open = receipt(&app, &id, ROLES.len()).await;
    assert_eq!(
        (&open["status"], &open["completed_at"]),
        (&json!("pending"), &Value::Null)
    );
    answer(&app, &id, "streams/x", &[]).await;
    let over = receipt(&app, &id, ROLES.len() + 1).await;
    assert_eq!(over["status"], "done", "{over:#}");
    assert_eq!(over["counts"], json!({ "rows": 2 * (ROLES.len() + 1) }));
    assert!(!over.to_string().contains("5550109999"), "{over:#}");
    let other = begin(&app, "another").await;
    let other = receipt(&app, &other, 0).await;
    assert_eq!(
        other["subject"], over["subject"],
        "the same person has the same pseudonym"
    );

    let (status, refused) = app
        .post("/api/erasures/", json!({ "number": "5550109999" }))
        .await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (422, &json!("invalid"))
    );
    let (status, _) = app
        .call("GET", "/api/erasures/none-such", testkit::ADMIN, None)
        .await;
    assert_eq!(status, 404);
}

pub async fn erasure_that_a_role_has_not_answered_is_asked_for_again(app: Arc<TestApp>) {
    let id = begin(&app, "once").await;
    let (first, asked) = app.recorder.wait_for::<PersonForget>(1).await.remove(0);
    for role in &ROLES[1..] {
        answer(&app, &id, role, &[]).await;
    }
    receipt(&app, &id, ROLES.len() - 1).await;
    app.clock.advance(TimeDelta::seconds(61));
    let again = app.recorder.wait_for::<PersonForget>(2).await;
    let (second, repeated) = again.into_iter().find(|(it, _)| it.id != first.id).unwrap();
    assert_eq!(repeated, asked, "who it is was kept until it is over");
    assert_ne!(second.id, first.id);
}

pub async fn retention_of_a_tenant_is_told_to_whoever_keeps(app: Arc<TestApp>) {
    app.apply(json!({ "tenants": [
        { "id": "smith", "name": "Smith", "retention": { "calls_days": 30 } },
        { "id": "jones", "name": "Jones" },
    ] }))
    .await;
    let (_, due) = app.recorder.wait_for::<RetentionDue>(1).await.remove(0);
    assert_eq!(due.tenant_id, "smith");
    let before: DateTime<Utc> = due.calls_before.parse().unwrap();
    assert_eq!((app.clock.now() - before).num_days(), 30);
    assert!(due.conversations_before.is_empty() && due.interviews_before.is_empty());
}
