//! Answers that are written ahead of their time: read in the thread, and void when something comes between.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

use crate::answers::{last, path};
use crate::fixtures::{CALLER, at, draft_failed, drafted, text};
use crate::test_app::TestApp;

/// An answer is asked for half a minute before it is due: its id.
async fn draft_ahead(app: &TestApp) -> String {
    app.publish(at(0), &text("SM1", CALLER, "my sink has a problem"))
        .await;
    app.rest().await;
    app.clock.advance(TimeDelta::seconds(3575));
    app.drafts(1).await.remove(0).draft_id
}

pub async fn answer_is_written_ahead_and_waits_in_the_thread(app: Arc<TestApp>) {
    let id = draft_ahead(&app).await;
    app.publish(at(59), &drafted(&id, "ask", "", "Where is it?"))
        .await;
    let words = "Smith Plumbing: Where is it? Reply STOP to opt out.";
    let thread = app.thread().await;
    assert_eq!(
        thread["draft"],
        json!({ "text": words, "leaves_at": thread["reply_due_at"], "simulated": false })
    );
    assert_eq!(thread["messages"].as_array().unwrap().len(), 1);
    assert!(app.sends().await.is_empty());
    assert_eq!(app.told().await.last().unwrap().0, "drafted");
    app.clock.advance(TimeDelta::seconds(60));
    app.is_due().await;
    let thread = app.thread().await;
    assert_eq!(
        (&last(&thread)["body"], &thread["draft"]),
        (&json!(words), &json!(null))
    );
    assert_eq!(app.sends().await.len(), 1);
    assert_eq!(app.drafts_now().len(), 1, "it is written once");
}

pub async fn answer_that_waits_is_void_when_a_person_writes(app: Arc<TestApp>) {
    let id = draft_ahead(&app).await;
    app.publish(at(59), &drafted(&id, "ask", "", "Where is it?"))
        .await;
    assert!(app.thread().await["draft"].is_object());
    let body = json!({"message": "Ann here, where is it?"});
    assert_eq!(app.post(&path("/reply"), body).await.0, 201);
    assert!(app.thread().await["draft"].is_null());
    app.clock.advance(TimeDelta::seconds(60));
    app.is_due().await;
    // Whatever was asked for before this one is decided.
    app.publish(at(61), &text("SM2", CALLER, "in the kitchen"))
        .await;
    let sends = app.sends().await;
    assert_eq!(sends.len(), 1);
    assert_eq!(sends[0].1.body, "Ann here, where is it?");
}

pub async fn failure_ahead_of_time_is_told_when_it_is_due(app: Arc<TestApp>) {
    let id = draft_ahead(&app).await;
    app.publish(at(59), &draft_failed(&id)).await;
    let thread = app.thread().await;
    assert_eq!(
        (&thread["draft"], &thread["attention"]),
        (&json!(null), &json!(null))
    );
    assert!(app.sends().await.is_empty());
    app.clock.advance(TimeDelta::seconds(60));
    app.is_due().await;
    let thread = app.thread().await;
    assert_eq!(
        (&last(&thread)["fallback"], &thread["attention"]),
        (&json!(true), &json!("fallback"))
    );
}
