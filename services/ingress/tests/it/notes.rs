//! What is noted of webhooks for the timelines of calls.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use events::Envelope;
use events::v1::{TimelineNote, TimelineNoted};
use serde_json::{Value, json};
use testkit::EventRecorder;

use crate::test_app::{CALL, CALLER, TOKEN, TestApp, call_form};

const PATH: &str = "/webhooks/twilio/call";

async fn recorder(app: &TestApp) -> Arc<EventRecorder> {
    let recorder = Arc::new(EventRecorder::default());
    recorder
        .listen_as("test.notes", &app.bus(), &["timeline.noted"])
        .await;
    recorder
}

/// The one line that is told of a call next, with the batch that it came in.
async fn noted(recorder: &EventRecorder) -> (Envelope, TimelineNote, Value) {
    let envelope = recorder.take(1).await.remove(0);
    let batch: TimelineNoted = envelope.decode().unwrap();
    assert_eq!(batch.notes.len(), 1, "{batch:?}");
    let note = batch.notes[0].clone();
    let detail = serde_json::from_str(&note.detail).unwrap();
    (envelope, note, detail)
}

pub async fn webhook_is_noted_with_verdict_names_and_duration(app: Arc<TestApp>) {
    let recorder = recorder(&app).await;
    let answer = app
        .post(PATH, &call_form(&[("CallStatus", "ringing")]))
        .await;
    assert_eq!(answer.status, 200);
    let (envelope, note, detail) = noted(&recorder).await;
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    assert_eq!(
        (
            note.kind.as_str(),
            note.what.as_str(),
            note.key.as_str(),
            note.verdict.as_str()
        ),
        ("webhook", PATH, CALL, "valid")
    );
    assert!(note.took_ms.is_some());
    assert_eq!(
        (&detail["outcome"], &detail["http_status"], &detail["event"]),
        (
            &json!("decided"),
            &json!(200),
            &json!("twilio.voice.inbound")
        )
    );
    assert_eq!(detail["xml"], answer.body);
    let names = detail["parameters"].as_array().unwrap();
    assert!(names.contains(&json!("CallSid")), "{names:?}");
    // No value of a parameter travels unless the tenant allows it.
    assert!(!note.detail.contains(CALLER), "{}", note.detail);
    assert_eq!((note.parameters.as_str(), note.parameters_days), ("", 0));
}

pub async fn refused_webhook_is_noted_with_the_reason(app: Arc<TestApp>) {
    let recorder = recorder(&app).await;
    let form = call_form(&[("CallStatus", "ringing")]);
    let answer = app.post_as("bm8gc2lnbmF0dXJl", PATH, &form, &[]).await;
    assert_eq!(answer.status, 403);
    let (_, note, detail) = noted(&recorder).await;
    assert_eq!(
        (note.verdict.as_str(), note.key.as_str()),
        ("refused", CALL)
    );
    assert_eq!(detail["http_status"], 403);
    for part in ["reason", "explanation"] {
        assert!(
            detail[part].as_str().is_some_and(|it| !it.is_empty()),
            "{part}: {detail}"
        );
    }
    assert!(
        !note.detail.contains(CALLER) && !note.detail.contains(TOKEN),
        "{}",
        note.detail
    );
    // Without a signature nothing of it is read.
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = app
        .send("POST", PATH, &headers, b"CallSid=x".to_vec())
        .await;
    assert_eq!(answer.status, 403);
    let (envelope, note, detail) = noted(&recorder).await;
    assert_eq!((note.key.as_str(), envelope.tenant), ("", None));
    assert_eq!(detail["reason"], "missing_header");
}

pub async fn parameters_are_noted_where_the_tenant_keeps_them(app: Arc<TestApp>) {
    app.desk.parameters_days.store(7, Ordering::Relaxed);
    app.learns_of_jones().await;
    let recorder = recorder(&app).await;
    app.post(PATH, &call_form(&[("CallStatus", "ringing")]))
        .await;
    let (_, note, _) = noted(&recorder).await;
    assert_eq!(note.parameters_days, 7);
    let parameters: Value = serde_json::from_str(&note.parameters).unwrap();
    assert_eq!(parameters["From"], CALLER);
}
