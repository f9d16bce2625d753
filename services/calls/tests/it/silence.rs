//! What Twilio is asked when nothing more is told of a call.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::CallLookedUp;
use testkit::eventually;

use crate::lab::Lab;
use crate::story::{CALL, Dial, Story, Truth, at};
use crate::told::Told;
use crate::words::{status, tenant};

/// The end of the call comes, the end of the dial is lost: Twilio is asked, and its word counts.
pub async fn a_lost_callback_is_followed_by_a_look(lab: Arc<Lab>) {
    lab.ask(&Told::comes_in(CALL)).await;
    let ended = status(CALL, tenant("smith"), "completed", Some(60), "");
    lab.publish("calls.status", at(70), &ended).await;
    assert_eq!(lab.told(CALL).await, ["call.started"]);
    lab.clock.advance(TimeDelta::seconds(11));
    eventually("Twilio is asked", async || lab.lookups().len() == 1).await;
    assert_eq!(lab.row(CALL).await.outcome, "", "nothing is guessed");
    let truth = Truth {
        dial: Dial::Talked,
        ..Truth::plain()
    };
    lab.publish("calls.looked-up", at(82), &truth.looked_up(CALL))
        .await;
    assert_eq!(
        lab.told(CALL).await,
        ["call.answered", "call.ended", "call.lookup", "call.started"]
    );
    assert_eq!(lab.ended()[0].call.clone().unwrap().duration_s, Some(77));
    // The timer of silence runs out as well, and finds nothing to do.
    lab.clock.advance(TimeDelta::seconds(60));
    lab.rest().await;
    assert_eq!(lab.lookups().len(), 1);
}

/// Nothing at all is heard after the ringing; a call that goes on is looked at until it is over.
pub async fn a_silent_call_is_looked_at_until_its_end(lab: Arc<Lab>) {
    lab.ask(&Told::comes_in(CALL)).await;
    lab.clock.advance(TimeDelta::seconds(46));
    for round in 1..=2 {
        eventually("Twilio is asked", async || lab.lookups().len() == round).await;
        let talking = CallLookedUp {
            found: true,
            status: "in-progress".into(),
            ..Truth::plain().looked_up(CALL)
        };
        lab.publish("calls.looked-up", lab.clock.now(), &talking)
            .await;
        assert_eq!(lab.row(CALL).await.status, "in-progress");
        lab.clock.advance(TimeDelta::seconds(301));
    }
    eventually("Twilio is asked", async || lab.lookups().len() == 3).await;
    lab.publish(
        "calls.looked-up",
        lab.clock.now(),
        &Truth::plain().looked_up(CALL),
    )
    .await;
    let told = lab.told(CALL).await;
    assert_eq!(told.iter().filter(|kind| *kind == "call.ended").count(), 1);
    assert_eq!(lab.missed()[0].reason, "no-answer");
}

/// The books lag behind: the call is over and its leg is not.
pub async fn a_leg_that_still_rings_is_not_the_end(lab: Arc<Lab>) {
    lab.ask(&Told::comes_in(CALL)).await;
    let mut looked_up = Truth::plain().looked_up(CALL);
    looked_up.legs[0].status = "ringing".into();
    lab.publish("calls.looked-up", lab.clock.now(), &looked_up)
        .await;
    assert_eq!(lab.row(CALL).await.outcome, "");
    lab.clock.advance(TimeDelta::seconds(11));
    eventually("Twilio is asked again", async || lab.lookups().len() == 1).await;
}

/// Twilio told of the call and does not know it: somebody else's credentials, or a call that was deleted.
pub async fn a_call_that_twilio_does_not_know_is_a_fault_and_no_missed_call(lab: Arc<Lab>) {
    lab.ask(&Told::comes_in(CALL)).await;
    lab.clock.advance(TimeDelta::seconds(46));
    eventually("Twilio is asked", async || lab.lookups().len() == 1).await;
    let unknown = CallLookedUp {
        call_sid: CALL.into(),
        tenant: Some(tenant("smith")),
        ..CallLookedUp::default()
    };
    lab.publish("calls.looked-up", lab.clock.now(), &unknown)
        .await;
    let row = lab.row(CALL).await;
    assert_eq!(
        (
            row.outcome.as_str(),
            row.reason.as_str(),
            row.status.as_str()
        ),
        ("failed", "unknown-at-twilio", "failed")
    );
    assert_eq!(
        lab.told(CALL).await,
        ["call.ended", "call.lookup", "call.started"]
    );
    assert!(lab.missed().is_empty());
}
