//! Whoever picks up is asked whether they take the call.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{Parameter, Webhook, Whisper};
use testkit::eventually;

use crate::story::{CALL, CALLER, at};
use crate::test_app::TestApp;
use crate::told::{Told, What};
use crate::words::{dialled, inbound, tenant, whisper};

pub async fn whoever_picks_up_is_asked(app: Arc<TestApp>) {
    let whispering = || {
        let whisper = Some(Whisper {
            enabled: true,
            say: "For {business_name}, press 1.".into(),
        });
        events::v1::TenantContext {
            whisper,
            ..tenant("smith")
        }
    };
    let told = |call: &str, id: &str, digits, answered| {
        let what = What::Whisper(whisper(call, whispering(), digits, answered));
        Told::new(12, &format!("{call}-{id}"), what, true)
    };
    for (call, digits, outcome) in [
        ("CA1", "1", "answered"),
        ("CA2", "2", "missed"),
        ("CA3", "", "missed"),
    ] {
        let comes_in = What::Inbound(inbound(call, whispering()));
        app.ask(&Told::new(0, &format!("{call}-inbound"), comes_in, true))
            .await;
        let prompt = app.ask(&told(call, "prompt", "", false)).await;
        assert!(
            prompt.contains("For Smith &amp; Sons, press 1."),
            "{prompt}"
        );
        assert!(
            prompt.contains(&format!(
                "/webhooks/twilio/call/whisper/{call}/answer?number=%2B15550100001"
            )),
            "{prompt}"
        );
        assert!(
            !prompt.contains(CALLER),
            "nobody's number is read out or given away"
        );
        let answer = app.ask(&told(call, "answer", digits, true)).await;
        if digits == "2" {
            assert!(
                answer.contains("number=%2B15550100001&amp;again=1"),
                "{answer}"
            );
            let mut second = whisper(call, whispering(), digits, true);
            let again = Parameter {
                name: "again".into(),
                value: "1".into(),
            };
            second.whisper.as_mut().unwrap().webhook = Some(Webhook {
                query: vec![again],
                ..Webhook::default()
            });
            let second = Told::new(20, &format!("{call}-again"), What::Whisper(second), true);
            let answer = app.ask(&second).await;
            assert!(!answer.contains("<Gather"), "{answer}");
        } else {
            assert_eq!(answer.contains("<Hangup/>"), digits != "1", "{answer}");
        }
        let mut finished = dialled(call, whispering(), "completed");
        finished.dial.as_mut().unwrap().bridged = Some(digits == "1");
        app.publish("calls.dial-finished", at(60), &finished).await;
        let row = app.row(call).await;
        assert_eq!(
            (row.outcome.as_str(), row.accepted),
            (outcome, digits == "1")
        );
    }
    app.rest().await;
    assert!(
        app.missed()
            .iter()
            .all(|missed| missed.reason == "not-accepted")
    );
    assert_eq!(app.missed().len(), 2);
}

/// The leg was up, nobody said whether the two were connected, and no key is heard of.
pub async fn key_that_never_comes_was_not_pressed(app: Arc<TestApp>) {
    let whisper = Some(Whisper {
        enabled: true,
        say: String::new(),
    });
    let whispering = events::v1::TenantContext {
        whisper,
        ..tenant("smith")
    };
    app.ask(&Told::new(
        0,
        "inbound",
        What::Inbound(inbound(CALL, whispering.clone())),
        true,
    ))
    .await;
    app.publish(
        "calls.dial-finished",
        at(60),
        &dialled(CALL, whispering, "completed"),
    )
    .await;
    assert_eq!(app.told(CALL).await, ["call.started"]);
    app.clock.advance(TimeDelta::seconds(11));
    eventually("it is missed", async || app.missed().len() == 1).await;
    assert_eq!(app.missed()[0].reason, "not-accepted");
    assert!(app.lookups().is_empty(), "Twilio would not know either");
}
