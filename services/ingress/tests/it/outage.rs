//! The bus is away: nothing that was accepted is lost, and callers get through.

use std::sync::Arc;

use chrono::TimeDelta;
use events::Envelope;
use events::v1::{TwilioDialFinished, TwilioVoiceInbound};

use testkit::eventually;

use crate::test_app::{CALL, Form, OWNER, TestApp, call_form, log, with};

fn dial(n: usize) -> (String, Form) {
    let more = [("CallStatus", "in-progress"), ("DialCallStatus", "busy")];
    let form = with(&call_form(&more), "DialCallDuration", &n.to_string());
    (format!("/webhooks/twilio/call/status/{CALL}"), form)
}

fn duration(envelope: &Envelope) -> Option<u32> {
    envelope
        .decode::<TwilioDialFinished>()
        .unwrap()
        .dial
        .unwrap()
        .duration_s
}

async fn spool_five(app: &TestApp) {
    app.cut().await;
    let call = call_form(&[("CallStatus", "ringing")]);
    let answer = app.post("/webhooks/twilio/call", &call).await;
    assert!(
        answer.status == 200 && answer.body.contains(OWNER),
        "the caller gets through: {answer:?}"
    );
    for n in 0..4 {
        let (path, form) = dial(n);
        let answer = app.post(&path, &form).await;
        assert!(
            answer.status == 200 && answer.body.ends_with("<Response/>"),
            "{answer:?}"
        );
    }
    assert_eq!(app.spooled().len(), 5);
    let health = app.send("GET", "/health/ready", &[], Vec::new()).await;
    assert!(
        health.status == 200 && health.body.contains("degraded"),
        "{health:?}"
    );
}

async fn all_five_come_in_order(app: &TestApp) {
    let heard = app.desk.take(5).await;
    let voice: Vec<_> = heard
        .iter()
        .filter(|e| e.decode::<TwilioVoiceInbound>().is_ok())
        .collect();
    assert_eq!(voice.len(), 1);
    assert!(voice[0].reply_to.is_none(), "nobody waits for it any more");
    let dials: Vec<_> = heard
        .iter()
        .filter(|e| e.kind == "twilio.dial.finished")
        .map(duration)
        .collect();
    assert_eq!(dials, [Some(0), Some(1), Some(2), Some(3)]);
    eventually("the spool is empty", async || app.spooled().is_empty()).await;
}

pub async fn outage_is_survived_in_order(app: Arc<TestApp>) {
    let before = app.clock.now();
    spool_five(&app).await;
    app.clock.advance(TimeDelta::hours(1));
    app.mend();
    all_five_come_in_order(&app).await;
    // The bus is used again at once.
    let (path, form) = dial(9);
    app.post(&path, &form).await;
    let envelope = app.desk.take(1).await.remove(0);
    assert_eq!(
        (duration(&envelope), envelope.time),
        (Some(9), before + TimeDelta::hours(1))
    );
}

/// The carrier forwards what the owner's phone does not take: dialling the phone again would go round for ever.
pub async fn fallback_does_not_dial_the_phone_that_forwarded_the_call(app: Arc<TestApp>) {
    app.cut().await;
    let ringing = [("CallStatus", "ringing")];
    let rings = call_form(&ringing);
    assert!(
        app.post("/webhooks/twilio/call", &rings)
            .await
            .body
            .contains("<Dial")
    );
    let national = OWNER.trim_start_matches("+1");
    for (name, phone) in [
        ("ForwardedFrom", OWNER),
        ("ForwardedFrom", national),
        ("From", OWNER),
    ] {
        let answer = app
            .post("/webhooks/twilio/call", &with(&rings, name, phone))
            .await;
        assert_eq!(answer.status, 200);
        assert!(
            answer.body.contains("<Say") && !answer.body.contains("<Dial"),
            "{name}={phone}: {answer:?}"
        );
    }
    assert_eq!(app.spooled().len(), 4, "the missed path follows");
}

pub async fn spool_survives_a_restart(app: Arc<TestApp>) {
    spool_five(&app).await;
    app.stop().await;
    assert_eq!(app.spooled().len(), 5);
    app.mend();
    app.up().await;
    all_five_come_in_order(&app).await;
}

/// A file that a failing disk left: it is put aside, and the others go their way.
pub async fn spool_unreadable_files_are_set_aside_and_the_rest_drains(app: Arc<TestApp>) {
    app.stop().await;
    let event = |n: u32| {
        let dial = events::v1::DialResult {
            duration_s: Some(n),
            ..Default::default()
        };
        let event = TwilioDialFinished {
            dial: Some(dial),
            ..Default::default()
        };
        Envelope::at(
            "trunkline/ingress",
            format!("spooled-{n}"),
            app.clock.now(),
            &event,
        )
        .to_bytes()
    };
    let file = |n: u32| app.spool().join(format!("{n:020}.event"));
    std::fs::write(file(1), event(1)).unwrap();
    std::fs::write(file(2), b"\xff\xff").unwrap();
    std::fs::write(file(3), event(3)).unwrap();
    // No program can read a folder as a file, not even as root.
    std::fs::create_dir(file(0)).unwrap();
    std::fs::write(app.spool().join("draft"), b"cut short").unwrap();
    app.up().await;
    let heard = app.desk.take(2).await;
    assert_eq!(
        heard.iter().map(duration).collect::<Vec<_>>(),
        [Some(1), Some(3)]
    );
    eventually("the spool is empty", async || {
        app.spooled()
            == [
                "00000000000000000000.damaged".to_owned(),
                "00000000000000000002.damaged".to_owned(),
                "draft".to_owned(),
            ]
    })
    .await;
    assert!(log().text().contains("it is set aside as .damaged"));
    let damaged = app.send("GET", "/metrics", &[], Vec::new()).await.body;
    assert!(damaged.contains("ingress_spool_damaged_total"), "{damaged}");
}
