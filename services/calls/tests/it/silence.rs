//! What Twilio is asked when nothing more is told of a call.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::CallLookedUp;
use testkit::eventually;

use crate::story::{CALL, Dial, Story, Truth, at};
use crate::test_app::TestApp;
use crate::told::Told;
use crate::words::{status, tenant};

/// The end of the call comes, the end of the dial is lost: Twilio is asked, and its word counts.
pub async fn lost_callback_is_followed_by_a_look(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let ended = status(CALL, tenant("smith"), "completed", Some(60), "");
    app.publish("calls.status", at(70), &ended).await;
    assert_eq!(app.told(CALL).await, ["call.started"]);
    app.clock.advance(TimeDelta::seconds(11));
    eventually("Twilio is asked", async || app.lookups().len() == 1).await;
    assert_eq!(app.row(CALL).await.outcome, "", "nothing is guessed");
    let truth = Truth {
        dial: Dial::Talked,
        ..Truth::plain()
    };
    app.publish("calls.looked-up", at(82), &truth.looked_up(CALL))
        .await;
    assert_eq!(
        app.told(CALL).await,
        ["call.answered", "call.ended", "call.lookup", "call.started"]
    );
    assert_eq!(app.ended()[0].call.clone().unwrap().duration_s, Some(77));
    // The timer of silence runs out as well, and finds nothing to do.
    app.clock.advance(TimeDelta::seconds(60));
    app.rest().await;
    assert_eq!(app.lookups().len(), 1);
}

/// Nothing at all is heard after the ringing; a call that goes on is looked at until it is over.
pub async fn silent_call_is_looked_at_until_its_end(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    app.clock.advance(TimeDelta::seconds(46));
    for round in 1..=2 {
        eventually("Twilio is asked", async || app.lookups().len() == round).await;
        let talking = CallLookedUp {
            found: true,
            status: "in-progress".into(),
            ..Truth::plain().looked_up(CALL)
        };
        app.publish("calls.looked-up", app.clock.now(), &talking)
            .await;
        assert_eq!(app.row(CALL).await.status, "in-progress");
        app.clock.advance(TimeDelta::seconds(301));
    }
    eventually("Twilio is asked", async || app.lookups().len() == 3).await;
    app.publish(
        "calls.looked-up",
        app.clock.now(),
        &Truth::plain().looked_up(CALL),
    )
    .await;
    let told = app.told(CALL).await;
    assert_eq!(told.iter().filter(|kind| *kind == "call.ended").count(), 1);
    assert_eq!(app.missed()[0].reason, "no-answer");
}

/// The books lag behind: the call is over and its leg is not.
pub async fn leg_that_still_rings_is_not_the_end(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let mut looked_up = Truth::plain().looked_up(CALL);
    looked_up.legs[0].status = "ringing".into();
    app.publish("calls.looked-up", app.clock.now(), &looked_up)
        .await;
    assert_eq!(app.row(CALL).await.outcome, "");
    app.clock.advance(TimeDelta::seconds(11));
    eventually("Twilio is asked again", async || app.lookups().len() == 1).await;
}

/// Twilio told of the call and does not know it: another account's credentials, or a call that was deleted.
pub async fn call_that_twilio_does_not_know_is_a_fault_and_no_missed_call(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    app.clock.advance(TimeDelta::seconds(46));
    eventually("Twilio is asked", async || app.lookups().len() == 1).await;
    let unknown = CallLookedUp {
        call_sid: CALL.into(),
        tenant: Some(tenant("smith")),
        ..CallLookedUp::default()
    };
    app.publish("calls.looked-up", at(50), &unknown).await;
    assert_eq!(app.row(CALL).await.outcome, "", "its books may be late");
    app.publish("calls.looked-up", app.clock.now(), &unknown)
        .await;
    let row = app.row(CALL).await;
    assert_eq!(
        (
            row.outcome.as_str(),
            row.reason.as_str(),
            row.status.as_str()
        ),
        ("failed", "unknown-at-twilio", "failed")
    );
    assert_eq!(
        app.told(CALL).await,
        ["call.ended", "call.lookup", "call.started"]
    );
    assert!(app.missed().is_empty());
}

/// What Twilio said signed counts, where it does not know the call when it is asked, and where it refuses to tell.
pub async fn signed_no_answer_is_a_missed_call_whatever_rest_says(app: Arc<TestApp>) {
    for (call, code) in [("CA1", 0), ("CA2", 20003)] {
        app.ask(&Told::comes_in(call)).await;
        let word = status(call, tenant("smith"), "no-answer", Some(0), "");
        app.publish("calls.status", at(30), &word).await;
        let untold = CallLookedUp {
            call_sid: call.into(),
            tenant: Some(tenant("smith")),
            code,
            ..CallLookedUp::default()
        };
        app.publish("calls.looked-up", at(41), &untold).await;
        let row = app.row(call).await;
        assert_eq!(
            (row.outcome.as_str(), row.reason.as_str()),
            ("missed", "no-answer")
        );
    }
    app.rest().await;
    assert_eq!(app.missed().len(), 2, "each once");
}

/// Twilio refuses to tell and nothing more is told: the call is looked at until it cannot go on any more.
pub async fn call_that_nobody_tells_of_ends_some_day(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    app.clock.advance(TimeDelta::seconds(46));
    eventually("Twilio is asked", async || app.lookups().len() == 1).await;
    let refused = CallLookedUp {
        call_sid: CALL.into(),
        tenant: Some(tenant("smith")),
        code: 20003,
        ..CallLookedUp::default()
    };
    app.publish("calls.looked-up", app.clock.now(), &refused)
        .await;
    assert_eq!(app.row(CALL).await.status, "ringing");
    app.clock.advance(TimeDelta::seconds(301));
    eventually("Twilio is asked again", async || app.lookups().len() == 2).await;
    // And this time nothing comes back at all.
    app.clock.advance(TimeDelta::hours(25));
    eventually("it is given up", async || !app.ended().is_empty()).await;
    let row = app.row(CALL).await;
    assert_eq!(
        (
            row.status.as_str(),
            row.outcome.as_str(),
            row.reason.as_str()
        ),
        ("failed", "failed", "not-told")
    );
    assert!(app.missed().is_empty());
}

/// Nothing but a state in between is told: it is looked at nevertheless.
pub async fn call_known_by_its_state_alone_is_looked_at(app: Arc<TestApp>) {
    let ringing = status(CALL, tenant("smith"), "ringing", None, "");
    app.publish("calls.status", at(1), &ringing).await;
    app.clock.advance(TimeDelta::seconds(301));
    eventually("Twilio is asked", async || app.lookups().len() == 1).await;
}
