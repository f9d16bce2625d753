//! The owner is called about an emergency.

use std::sync::Arc;

use events::v1::{CallPlace, CallPlaced, CallRefused, SmsInbound};
use serde_json::{Value, json};

use crate::fixtures::{ACCOUNT, CALLER, FORWARD, at, text};
use crate::test_app::TestApp;

fn told(sid: &str, from: &str, body: &str) -> SmsInbound {
    let mut event = text(sid, from, body);
    let tenant = event.tenant.as_mut().unwrap();
    tenant.emergency_call = true;
    tenant.voice = "Polly.Joanna".into();
    event
}

async fn call_entry(app: &TestApp) -> Value {
    let thread = app.thread().await;
    let entries = thread["entries"].as_array().unwrap();
    let found = entries.iter().find(|it| it["kind"] == "emergency_call");
    found.unwrap()["detail"].clone()
}

pub async fn owner_is_called_once_about_an_emergency(app: Arc<TestApp>) {
    let body = "I smell gas & <it> is strong";
    app.publish(at(0), &told("SM1", CALLER, body)).await;
    app.rest().await;
    app.publish(at(1), &told("SM2", CALLER, "the gas smell is strong"))
        .await;
    app.publish(at(1), &text("SM3", "+15550109998", "I smell gas as well"))
        .await;
    app.rest().await;
    let (envelope, call) = app.recorder.wait_for::<CallPlace>(1).await.remove(0);
    assert_eq!(envelope.id, call.place_id);
    assert_eq!(
        (call.from.as_str(), call.to.as_str(), call.purpose.as_str()),
        ("+15550100001", FORWARD, "emergency")
    );
    assert_eq!(call.account_sid, ACCOUNT);
    assert!(!call.expires_at.is_empty() && call.url.is_empty());
    let document = twiml::Response::from_xml(&call.twiml).unwrap();
    assert_eq!(document.verbs.len(), 1);
    for words in [
        "loop=\"3\"",
        "Polly.Joanna",
        "Emergency for Smith Plumbing: gas",
        "1 5 5 5 0 1 0 9 9 9 9",
        "gas &amp; &lt;it",
    ] {
        assert!(call.twiml.contains(words), "{words}: {}", call.twiml);
    }
    assert_eq!(
        app.recorder.heard::<CallPlace>().len(),
        1,
        "once, and only for who wants it"
    );
    assert_eq!(call_entry(&app).await["status"], "ordered");

    let placed = CallPlaced {
        place_id: call.place_id.clone(),
        call_sid: "CA77".into(),
        ..CallPlaced::default()
    };
    app.publish(at(1), &placed).await;
    assert_eq!(
        call_entry(&app).await,
        json!({"danger": "gas", "status": "placed", "call_sid": "CA77"})
    );
    let refused = CallRefused {
        place_id: call.place_id,
        reason: "not_whitelisted".into(),
        ..CallRefused::default()
    };
    app.publish(at(2), &refused).await;
    assert_eq!(call_entry(&app).await["reason"], "not_whitelisted");
}
