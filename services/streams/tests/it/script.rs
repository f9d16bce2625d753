//! A scripted call from its greeting to its end.

use std::sync::Arc;

use events::v1::{CallHangUp, TurnTaken};

use crate::phone::Phone;
use crate::test_app::TestApp;

pub async fn caller_is_asked_understood_and_hung_up_after_the_goodbye(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    phone.speak("yes I am");
    phone.hears("Do you live in a city?").await;
    phone
        .send(serde_json::json!({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "2"}}))
        .await;
    phone.hears("Thank you and goodbye.").await;
    assert_eq!(phone.clears, 0);
    let ended = app.ended("CA1").await;
    assert_eq!((ended.reason.as_str(), ended.turns), ("goodbye", 3));
    // The socket stays until Twilio has hung up: closed by us, the call would go on.
    phone.wait(20).await;
    assert_eq!(phone.closed, None);
    phone.hang_up().await;
    let hung_up = app.recorder.heard::<CallHangUp>();
    assert_eq!(hung_up.len(), 1);
    assert_eq!(hung_up[0].1.call_sid, "CA1");
    let turns = app.recorder.heard::<TurnTaken>();
    let answered = turns.iter().find(|it| it.1.turn == 2).unwrap();
    assert!(answered.1.transcription_ms.is_some() && answered.1.response_ms.is_some());
    assert!(app.document("CA1", "loan").await.contains("<Hangup/>"));
}

pub async fn caller_who_interrupts_stops_the_bot(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.until("a voice", |phone| !phone.is_silent()).await;
    phone.speak("yes I am");
    phone.until("a clear", |phone| phone.clears == 1).await;
    assert!(!phone.heard.iter().any(|it| it.contains("salaried")));
    phone.hears("Do you live in a city?").await;
}

pub async fn bot_that_nobody_decides_for_goes_on_without_a_stream(app: Arc<TestApp>) {
    let path = app.offered("CA1", "nobody").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.until("the end", |phone| phone.closed.is_some()).await;
    assert_eq!(app.ended("CA1").await.reason, "no_decision");
    assert!(app.document("CA1", "nobody").await.contains("<Say>"));
}
