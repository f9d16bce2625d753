//! Calls that are interviews, through the bus.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{CallLookedUp, CallStarted, InterviewEnded};
use serde_json::{Value, json};

use crate::interviewed::Interviewed;
use testkit::eventually;

use crate::story::{CALL, CALLER, NUMBER, Story, at};
use crate::test_app::TestApp;
use crate::told::{Told, What};

fn coached() -> Interviewed {
    Interviewed {
        outbound: false,
        voice: "coach",
        status: "completed",
        answered_by: "",
        interview: Some(("abandoned", "")),
        answers: 2,
        end_told: true,
        status_lost: false,
    }
}

fn screened() -> Interviewed {
    Interviewed {
        outbound: true,
        voice: "screener",
        interview: Some(("completed", "")),
        answered_by: "human",
        ..coached()
    }
}

/// What is told by the call itself and by its interview, without the silence.
async fn hear(app: &TestApp, truth: &Interviewed, call: &str) {
    for told in truth.told(call) {
        if !told.listens_to_silence() {
            let id = format!("{call}-{}", told.id);
            app.deliver(&Told { id, ..told }).await;
        }
    }
}

pub async fn caller_who_leaves_an_interview_has_not_been_missed(app: Arc<TestApp>) {
    let truth = coached();
    let told = truth.told(CALL);
    app.deliver(&told[0]).await;
    app.rest().await;
    let (_, started) = app.heard::<CallStarted>().remove(0);
    let started = started.call.unwrap();
    assert_eq!(
        (
            started.direction.as_str(),
            started.from.as_str(),
            started.to.as_str()
        ),
        ("inbound", CALLER, NUMBER),
        "the call is known by its interview alone"
    );
    let open = app.get("/calls/CA1").await;
    assert_eq!(
        (&open["status"], &open["outcome"]),
        (&json!("in-progress"), &Value::Null)
    );
    assert_eq!(
        open["interview"],
        json!({"id": "i1", "flow": "mock", "status": "in-progress", "outcome": null})
    );
    hear(&app, &truth, CALL).await;
    assert_eq!(
        app.told(CALL).await,
        ["call.answered", "call.ended", "call.started"]
    );
    let call = app.get("/calls/CA1").await;
    assert_eq!(
        (&call["status"], &call["outcome"], &call["duration_s"]),
        (&json!("completed"), &json!("answered"), &json!(61))
    );
    assert_eq!(
        call["interview"],
        json!({"id": "i1", "flow": "mock", "status": "ended", "outcome": "abandoned"})
    );
    let timeline = app.get("/calls/CA1/timeline").await;
    let items = timeline["items"].as_array().unwrap();
    let what = |line: &Value| line["detail"]["what"].as_str().unwrap().to_owned();
    let mut seen: Vec<_> = items.iter().map(what).collect();
    seen.dedup();
    assert_eq!(
        seen,
        [
            "an interview began",
            "an answer was given",
            "the interview ended",
            "the call's state",
            "the interview was evaluated"
        ]
    );
    let answer = items
        .iter()
        .find(|line| what(line) == "an answer was given");
    assert_eq!(answer.unwrap()["detail"]["recording_sid"], "RE1");
    assert_eq!(items.last().unwrap()["detail"]["overall_score"], 70);
    app.clock.advance(TimeDelta::minutes(10));
    app.rest().await;
    assert!(app.missed().is_empty() && app.lookups().is_empty());
}

pub async fn who_was_called_for_an_interview_is_not_texted_back(app: Arc<TestApp>) {
    for (call, status, interview, outcome, reason) in [
        (
            "CA1",
            "completed",
            ("completed", ""),
            "answered",
            Value::Null,
        ),
        (
            "CA2",
            "busy",
            ("failed", "busy (sip 486)"),
            "failed",
            json!("busy"),
        ),
        (
            "CA3",
            "no-answer",
            ("failed", "no-answer"),
            "failed",
            json!("no-answer"),
        ),
        (
            "CA4",
            "completed",
            ("failed", "machine"),
            "failed",
            json!("machine"),
        ),
    ] {
        let truth = Interviewed {
            status,
            interview: Some(interview),
            answers: 0,
            ..screened()
        };
        hear(&app, &truth, call).await;
        let shown = app.get(&format!("/calls/{call}")).await;
        assert_eq!(
            (&shown["direction"], &shown["from"], &shown["to"]),
            (&json!("outbound"), &json!(NUMBER), &json!(CALLER))
        );
        assert_eq!(
            (
                &shown["outcome"],
                &shown["reason"],
                &shown["interview"]["outcome"]
            ),
            (&json!(outcome), &reason, &json!(interview.0)),
            "{call}"
        );
        let mut told = app.told(call).await;
        told.retain(|kind| kind != "call.answered");
        assert_eq!(told, ["call.ended", "call.started"], "{call}");
    }
    app.clock.advance(TimeDelta::minutes(10));
    app.rest().await;
    assert!(app.missed().is_empty() && app.lookups().is_empty());
}

/// An app's call without an interview's word, such as one that another attempt follows: Twilio's counts in the end.
pub async fn without_an_interviews_word_twilios_counts(app: Arc<TestApp>) {
    for (call, outbound, answered_by, outcome, reason) in [
        ("CA1", false, "", "answered", Value::Null),
        ("CA2", true, "human", "answered", Value::Null),
        ("CA3", true, "machine_start", "failed", json!("machine")),
    ] {
        let truth = Interviewed {
            outbound,
            answered_by,
            interview: None,
            ..screened()
        };
        hear(&app, &truth, call).await;
        assert_eq!(app.told(call).await, ["call.started"], "patience");
        app.clock.advance(TimeDelta::seconds(61));
        eventually("it is settled", async || {
            app.row(call).await.outcome == outcome
        })
        .await;
        assert_eq!(app.get(&format!("/calls/{call}")).await["reason"], reason);
        let told = app.told(call).await;
        assert!(told.contains(&"call.ended".to_owned()), "{told:?}");
    }
    assert!(app.missed().is_empty() && app.lookups().is_empty());
}

/// The callback of the end is lost: Twilio is asked, and without legs the call is still not missed.
pub async fn interview_whose_end_is_not_told_is_looked_at(app: Arc<TestApp>) {
    let truth = coached();
    app.deliver(&truth.told(CALL)[0]).await;
    app.clock.advance(TimeDelta::seconds(301));
    eventually("Twilio is asked", async || app.lookups().len() == 1).await;
    let talking = CallLookedUp {
        status: "in-progress".into(),
        ..truth.looked_up(CALL)
    };
    app.publish("calls.looked-up", app.clock.now(), &talking)
        .await;
    app.clock.advance(TimeDelta::seconds(301));
    eventually("Twilio is asked again", async || app.lookups().len() == 2).await;
    app.publish("calls.looked-up", app.clock.now(), &truth.looked_up(CALL))
        .await;
    assert_eq!(app.row(CALL).await.outcome, "");
    let ended = InterviewEnded {
        interview: Some(truth.interview(CALL, "ended")),
    };
    app.publish("calls.interview-ended", app.clock.now(), &ended)
        .await;
    let mut told = app.told(CALL).await;
    told.retain(|kind| kind != "call.lookup");
    assert_eq!(told, ["call.answered", "call.ended", "call.started"]);
}

pub async fn interview_does_not_touch_anothers_call(app: Arc<TestApp>) {
    hear(&app, &coached(), CALL).await;
    let before = app.row(CALL).await;
    let mut interview = coached().interview(CALL, "ended");
    interview.tenant_id = "jones".into();
    let ended = InterviewEnded {
        interview: Some(interview),
    };
    Told::new(200, "strange", What::Ended(ended), false)
        .publish(&app.bus())
        .await;
    eventually("it is refused", async || app.dead().await.len() == 1).await;
    assert_eq!(app.row(CALL).await, before);

    // A second interview does not take the call from the first one; one without a call concerns nobody.
    for (n, call) in [CALL, ""].into_iter().enumerate() {
        let mut interview = coached().interview(call, "ended");
        interview.id = "i2".into();
        interview.outcome = "failed".into();
        let ended = InterviewEnded {
            interview: Some(interview),
        };
        let second = i64::try_from(n).unwrap() + 201;
        app.publish("calls.interview-ended", at(second), &ended)
            .await;
    }
    assert_eq!(app.row(CALL).await, before);
}
