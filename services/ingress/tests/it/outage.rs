//! The bus is away: nothing that was accepted is lost, and callers get through.

use std::sync::Arc;

use chrono::TimeDelta;
use events::Envelope;
use events::v1::{TwilioDialFinished, TwilioVoiceInbound};

use testkit::eventually;

use crate::lab::{CALL, Form, Lab, OWNER, call_form, log, with};

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

async fn spool_five(lab: &Lab) {
    lab.cut().await;
    let call = call_form(&[("CallStatus", "ringing")]);
    let answer = lab.post("/webhooks/twilio/call", &call).await;
    assert!(
        answer.status == 200 && answer.body.contains(OWNER),
        "the caller gets through: {answer:?}"
    );
    for n in 0..4 {
        let (path, form) = dial(n);
        let answer = lab.post(&path, &form).await;
        assert!(
            answer.status == 200 && answer.body.ends_with("<Response/>"),
            "{answer:?}"
        );
    }
    assert_eq!(lab.spooled().len(), 5);
    let health = lab.send("GET", "/health/ready", &[], Vec::new()).await;
    assert!(
        health.status == 200 && health.body.contains("degraded"),
        "{health:?}"
    );
}

async fn all_five_come_in_order(lab: &Lab) {
    let heard = lab.desk.take(5).await;
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
    eventually("the spool is empty", async || lab.spooled().is_empty()).await;
}

pub async fn an_outage_is_survived_in_order(lab: Arc<Lab>) {
    let before = lab.clock.now();
    spool_five(&lab).await;
    lab.clock.advance(TimeDelta::hours(1));
    lab.mend();
    all_five_come_in_order(&lab).await;
    // The bus is used again at once.
    let (path, form) = dial(9);
    lab.post(&path, &form).await;
    let envelope = lab.desk.take(1).await.remove(0);
    assert_eq!(
        (duration(&envelope), envelope.time),
        (Some(9), before + TimeDelta::hours(1))
    );
}

/// The carrier forwards what the owner's phone does not take: dialling the phone again would go round for ever.
pub async fn fallback_does_not_dial_the_phone_that_forwarded_the_call(lab: Arc<Lab>) {
    lab.cut().await;
    let ringing = [("CallStatus", "ringing")];
    let rings = call_form(&ringing);
    assert!(
        lab.post("/webhooks/twilio/call", &rings)
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
        let answer = lab
            .post("/webhooks/twilio/call", &with(&rings, name, phone))
            .await;
        assert_eq!(answer.status, 200);
        assert!(
            answer.body.contains("<Say") && !answer.body.contains("<Dial"),
            "{name}={phone}: {answer:?}"
        );
    }
    assert_eq!(lab.spooled().len(), 4, "the missed path follows");
}

pub async fn the_spool_survives_a_restart(lab: Arc<Lab>) {
    spool_five(&lab).await;
    lab.stop().await;
    assert_eq!(lab.spooled().len(), 5);
    lab.mend();
    lab.up().await;
    all_five_come_in_order(&lab).await;
}

/// A file that a failing disk left: it is put aside, and the others go their way.
pub async fn spool_unreadable_files_are_set_aside_and_the_rest_drains(lab: Arc<Lab>) {
    lab.stop().await;
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
            lab.clock.now(),
            &event,
        )
        .to_bytes()
    };
    let file = |n: u32| lab.spool().join(format!("{n:020}.event"));
    std::fs::write(file(1), event(1)).unwrap();
    std::fs::write(file(2), b"\xff\xff").unwrap();
    std::fs::write(file(3), event(3)).unwrap();
    // No program can read a folder as a file, not even as root.
    std::fs::create_dir(file(0)).unwrap();
    std::fs::write(lab.spool().join("draft"), b"cut short").unwrap();
    lab.up().await;
    let heard = lab.desk.take(2).await;
    assert_eq!(
        heard.iter().map(duration).collect::<Vec<_>>(),
        [Some(1), Some(3)]
    );
    eventually("the spool is empty", async || {
        lab.spooled()
            == [
                "00000000000000000000.damaged".to_owned(),
                "00000000000000000002.damaged".to_owned(),
                "draft".to_owned(),
            ]
    })
    .await;
    assert!(log().text().contains("it is set aside as .damaged"));
    let damaged = lab.send("GET", "/metrics", &[], Vec::new()).await.body;
    assert!(damaged.contains("ingress_spool_damaged_total"), "{damaged}");
}
