//! What is noted of webhooks for the timelines of calls.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use events::Envelope;
use events::v1::{TimelineNote, TimelineNoted};
use serde_json::{Value, json};
use testkit::Ear;

use crate::lab::{CALL, CALLER, Lab, TOKEN, call_form};

const PATH: &str = "/webhooks/twilio/call";

async fn ear(lab: &Lab) -> Arc<Ear> {
    let ear = Arc::new(Ear::default());
    ear.listen_as("test.notes", &lab.bus(), &["timeline.noted"])
        .await;
    ear
}

/// The one line that is told of a call next, with the batch that it came in.
async fn noted(ear: &Ear) -> (Envelope, TimelineNote, Value) {
    let envelope = ear.take(1).await.remove(0);
    let batch: TimelineNoted = envelope.decode().unwrap();
    assert_eq!(batch.notes.len(), 1, "{batch:?}");
    let note = batch.notes[0].clone();
    let detail = serde_json::from_str(&note.detail).unwrap();
    (envelope, note, detail)
}

pub async fn webhook_is_noted_with_verdict_names_and_duration(lab: Arc<Lab>) {
    let ear = ear(&lab).await;
    let answer = lab
        .post(PATH, &call_form(&[("CallStatus", "ringing")]))
        .await;
    assert_eq!(answer.status, 200);
    let (envelope, note, detail) = noted(&ear).await;
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

pub async fn refused_webhook_is_noted_with_the_reason(lab: Arc<Lab>) {
    let ear = ear(&lab).await;
    let form = call_form(&[("CallStatus", "ringing")]);
    let answer = lab.post_as("bm8gc2lnbmF0dXJl", PATH, &form, &[]).await;
    assert_eq!(answer.status, 403);
    let (_, note, detail) = noted(&ear).await;
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
    let answer = lab
        .send("POST", PATH, &headers, b"CallSid=x".to_vec())
        .await;
    assert_eq!(answer.status, 403);
    let (envelope, note, detail) = noted(&ear).await;
    assert_eq!((note.key.as_str(), envelope.tenant), ("", None));
    assert_eq!(detail["reason"], "missing_header");
}

pub async fn parameters_are_noted_where_the_tenant_keeps_them(lab: Arc<Lab>) {
    lab.desk.parameters_days.store(7, Ordering::Relaxed);
    lab.learns_of_jones().await;
    let ear = ear(&lab).await;
    lab.post(PATH, &call_form(&[("CallStatus", "ringing")]))
        .await;
    let (_, note, _) = noted(&ear).await;
    assert_eq!(note.parameters_days, 7);
    let parameters: Value = serde_json::from_str(&note.parameters).unwrap();
    assert_eq!(parameters["From"], CALLER);
}
