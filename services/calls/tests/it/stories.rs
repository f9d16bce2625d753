//! Calls as they go, through the bus.

use std::sync::Arc;

use events::v1::{
    CallSettle, CallStarted, MessageFailed, MessageRefused, OptOutChanged, RetentionDue, TextBack,
};
use futures::future::join_all;
use testkit::eventually;

use crate::story::{CALL, CALLER, Dial, NUMBER, OWNER, Plan, Story, Truth, at};
use crate::test_app::TestApp;
use crate::told::{Told, What};
use crate::words::{dialled, inbound, status, tenant, text_sent};

pub async fn missed_call_is_told_once(app: Arc<TestApp>) {
    let xml = app.ask(&Told::comes_in(CALL)).await;
    assert!(
        xml.contains(OWNER) && xml.contains("/webhooks/twilio/call/status/CA1"),
        "{xml}"
    );
    let again = app.ask(&Told::comes_in(CALL)).await;
    assert_eq!(xml, again, "a repeat gets the same answer");
    assert_eq!(app.told(CALL).await, ["call.started"]);

    app.publish(
        "calls.dial-finished",
        at(25),
        &dialled(CALL, tenant("smith"), "no-answer"),
    )
    .await;
    let ended = status(
        CALL,
        tenant("smith"),
        "completed",
        Some(27),
        "2025-06-15T15:07:05Z",
    );
    app.publish("calls.status", at(26), &ended).await;
    assert_eq!(
        app.told(CALL).await,
        ["call.ended", "call.missed", "call.started"]
    );
    let missed = &app.missed()[0];
    let call = missed.call.clone().unwrap();
    assert_eq!(
        (missed.reason.as_str(), call.outcome.as_str()),
        ("no-answer", "missed")
    );
    assert_eq!((call.from.as_str(), call.to.as_str()), (CALLER, NUMBER));
    assert_eq!(call.id, app.row(CALL).await.id);
    assert_eq!(missed.tenant.as_ref().unwrap().name, "Smith & Sons");
    let ended = app.ended()[0].call.clone().unwrap();
    assert_eq!(
        (ended.duration_s, ended.outcome.as_str()),
        (Some(0), "missed")
    );
    assert!(
        ended.started_at < ended.ended_at,
        "{} {}",
        ended.started_at,
        ended.ended_at
    );
    let started = &app.heard::<CallStarted>()[0];
    assert_eq!(
        (started.0.tenant.as_deref(), started.0.key.as_deref()),
        (Some("smith"), Some(CALL))
    );
    assert!(app.lookups().is_empty());
}

/// A call is assumed to be new: that it is not is found out when it is written.
pub async fn call_that_comes_in_more_than_once_at_once_is_decided_once(app: Arc<TestApp>) {
    for round in 0..12 {
        let call = format!("CA{round}");
        // In every other round Twilio has told of its status first, or does so at the same time.
        let ringing = status(&call, tenant("smith"), "ringing", None, "");
        if round % 2 == 1 {
            app.publish("calls.status", at(0), &ringing).await;
        }
        let told = Told::comes_in(&call);
        let answers = async { join_all((0..4).map(|_| app.ask(&told))).await };
        let status = async {
            if round % 2 == 0 {
                app.publish("calls.status", at(1), &ringing).await;
            }
        };
        let (answers, ()) = tokio::join!(answers, status);
        for xml in answers {
            assert!(xml.contains("<Dial"), "{xml}");
        }
        assert_eq!(app.told(&call).await, ["call.started"], "{call}");
        let row = app.row(&call).await;
        assert!(row.forwarded, "{call}");
        assert_eq!((row.status.as_str(), row.outcome.as_str()), ("ringing", ""));
        let lines = app.timeline(&call).await;
        let of = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
        assert_eq!(of("twiml"), 1, "{call} was decided once");
    }
}

pub async fn after_the_end_a_call_may_still_come_in(app: Arc<TestApp>) {
    let ended = status(CALL, tenant("smith"), "completed", Some(3), "");
    app.publish("calls.status", at(5), &ended).await;
    let xml = app.ask(&Told::comes_in(CALL)).await;
    assert!(xml.contains("<Dial"), "{xml}");
    let row = app.row(CALL).await;
    assert_eq!(
        (
            row.status.as_str(),
            row.started_at.0,
            row.ended_at.unwrap().0
        ),
        ("completed", at(0), at(5))
    );
    assert_eq!(app.told(CALL).await, ["call.started"]);
    app.publish(
        "calls.dial-finished",
        at(4),
        &dialled(CALL, tenant("smith"), "canceled"),
    )
    .await;
    assert_eq!(
        app.ask(&Told {
            id: "late".into(),
            ..Told::comes_in(CALL)
        })
        .await
        .matches("<Dial")
        .count(),
        0
    );
    assert_eq!(
        app.told(CALL).await,
        ["call.ended", "call.missed", "call.started"]
    );
    assert_eq!(app.row(CALL).await.ended_at.unwrap().0, at(4));
}

/// The front door could not wait and has dialled: what we would have said does not count.
pub async fn fallback_that_dialled_is_believed(app: Arc<TestApp>) {
    let truth = Truth {
        plan: Plan::Apologize,
        fallback: true,
        dial: Dial::Talked,
        ..Truth::plain()
    };
    let told = truth.told(CALL);
    app.deliver(&told[0]).await;
    assert_eq!(app.row(CALL).await.outcome, "", "the phone may be ringing");
    for event in &told[1..] {
        app.deliver(event).await;
    }
    assert_eq!(
        app.told(CALL).await,
        ["call.answered", "call.ended", "call.started"]
    );

    let truth = Truth {
        fallback: false,
        dial: Dial::None,
        ..truth
    };
    let comes_in = truth.told("CA2").remove(0);
    let xml = app
        .ask(&Told {
            id: "in-time".into(),
            ..comes_in
        })
        .await;
    assert!(xml.contains("<Say>") && !xml.contains("<Dial"), "{xml}");
    assert_eq!(app.told("CA2").await, ["call.missed", "call.started"]);
    assert_eq!(app.missed()[0].reason, "closed");
}

/// Everything at once, several times.
pub async fn storm_comes_to_rest(app: Arc<TestApp>) {
    let truths = [
        Truth {
            dial: Dial::Talked,
            ..Truth::plain()
        },
        Truth {
            dial: Dial::Missed("busy"),
            ..Truth::plain()
        },
        Truth {
            dial: Dial::Talked,
            whisper: true,
            ..Truth::plain()
        },
        Truth {
            dial: Dial::Unpressed(None),
            whisper: true,
            ..Truth::plain()
        },
        Truth {
            dial: Dial::None,
            plan: Plan::NoNumber,
            fallback: true,
            ..Truth::plain()
        },
        Truth {
            dial: Dial::Missed("canceled"),
            status: "no-answer",
            ..Truth::plain()
        },
    ];
    let mut storm = Vec::new();
    for (n, truth) in truths.iter().enumerate() {
        for told in truth.told(&format!("CA{n}")) {
            let id = format!("{n}-{}", told.id);
            for again in 0..3 {
                // The third is another delivery of the second.
                let id = format!("{id}-{}", again.min(1));
                storm.push(Told { id, ..told.clone() });
            }
        }
    }
    // A fixed disorder: everything comes away from its neighbours. The look-ups wait for the keys.
    let (last, mut first): (Vec<_>, Vec<_>) = storm.into_iter().partition(Told::listens_to_silence);
    first.sort_by_key(|told| role::derive_id(&["disorder", &told.id]));
    for wave in [first, last] {
        let bus = app.bus();
        join_all(wave.iter().map(|told| told.publish(&bus))).await;
        join_all(wave.iter().map(|told| app.handled(told.queue(), &told.id))).await;
    }
    for (n, truth) in truths.iter().enumerate() {
        let call = format!("CA{n}");
        let (outcome, reason) = truth.outcome();
        let row = app.row(&call).await;
        assert_eq!(
            (row.outcome.as_str(), row.reason.as_str()),
            (outcome, reason),
            "{call}"
        );
        let mut told = app.told(&call).await;
        told.retain(|kind| kind != "call.lookup");
        assert_eq!(
            told,
            [
                "call.ended".to_owned(),
                format!("call.{outcome}"),
                "call.started".to_owned()
            ]
            .sorted(),
            "{call}"
        );
    }
    assert!(app.dead().await.is_empty());
}

trait Sorted {
    fn sorted(self) -> Self;
}

impl<const N: usize> Sorted for [String; N] {
    fn sorted(mut self) -> Self {
        self.sort();
        self
    }
}

pub async fn nobody_ends_the_call_of_another(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let before = app.row(CALL).await;
    let event = dialled(CALL, tenant("jones"), "busy");
    let told = Told::new(20, "strange", What::Dial(event), false);
    told.publish(&app.bus()).await;
    eventually("it is refused", async || app.dead().await.len() == 1).await;
    assert_eq!(app.dead().await, ["the call belongs to another tenant"]);
    assert_eq!(app.row(CALL).await, before);
    assert_eq!(app.told(CALL).await, ["call.started"]);
}

pub async fn what_cannot_be_read_is_told_to_people(app: Arc<TestApp>) {
    let empty = Told::new(0, "empty", What::Status(Default::default()), false);
    empty.publish(&app.bus()).await;
    eventually("it is dead", async || app.dead().await.len() == 1).await;
    assert_eq!(
        app.dead().await,
        ["call.status without a tenant or parameters"]
    );
    // A timer of a call that is not there is nobody's business.
    let settle = CallSettle {
        call_sid: "CA-none".into(),
        ..Default::default()
    };
    app.publish("calls.settle", at(0), &settle).await;
}

pub async fn text_that_follows_is_in_the_timeline(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    app.publish(
        "calls.dial-finished",
        at(25),
        &dialled(CALL, tenant("smith"), "busy"),
    )
    .await;
    for (n, thread) in ["thread-1", ""].into_iter().enumerate() {
        let id = format!("sent-{n}");
        let time = at(30 + i64::try_from(n).unwrap());
        let envelope = events::Envelope::at("trunkline/test", id.clone(), time, &text_sent(thread));
        app.bus()
            .publish(&envelope.tenant("smith").key(CALL))
            .await
            .unwrap();
        app.handled("calls.message-sent", &id).await;
    }
    assert_eq!(
        app.row(CALL).await.conversation_id.as_deref(),
        Some("thread-1")
    );
    let timeline = app.get("/calls/CA1/timeline").await;
    let what: Vec<_> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["kind"].as_str().unwrap(),
                line["detail"]["what"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        what,
        [
            ("webhook", "call comes in"),
            ("twiml", ""),
            ("webhook", "the dial ended"),
            // The tenant of this test has no text-back.
            ("event", "no text is sent"),
            ("effect", "a text was sent"),
            ("effect", "a text was sent"),
        ]
    );
    assert!(
        timeline["items"][1]["detail"]["xml"]
            .as_str()
            .unwrap()
            .contains("<Dial")
    );
    assert_eq!(timeline["call"]["conversation_id"], "thread-1");
}

/// Twilio's code and words, and the carrier's, stand where the call is shown; and why nobody is texted.
pub async fn why_a_dial_and_a_text_failed_is_shown(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let mut failed = dialled(CALL, tenant("smith"), "failed");
    let dial = failed.dial.as_mut().unwrap();
    dial.error_code = Some(13224);
    dial.error_message = "Invalid phone number".into();
    dial.sip_response_code = Some(404);
    app.publish("calls.dial-finished", at(25), &failed).await;
    let call = app.get("/calls/CA1").await;
    let error =
        serde_json::json!({ "code": 13224, "message": "Invalid phone number", "sip_code": 404 });
    assert_eq!(call["error"], error);
    let lost = MessageFailed {
        tenant_id: "smith".into(),
        call_id: call["id"].as_str().unwrap().into(),
        conversation_id: "conv1".into(),
        message_sid: "SM1".into(),
        status: "undelivered".into(),
        code: 30003,
        message: "Unreachable".into(),
        to: CALLER.into(),
        ..MessageFailed::default()
    };
    app.publish("calls.message-failed", at(40), &lost).await;
    let timeline = app.get("/calls/CA1/timeline").await.to_string();
    for word in ["13224", "30003", "Unreachable", "disabled"] {
        assert!(timeline.contains(word), "{word}: {timeline}");
    }
}

/// A caller who has opted out, or was texted a moment ago, is promised no text.
pub async fn apology_promises_a_text_only_when_one_follows(app: Arc<TestApp>) {
    let closed = || {
        let mut event = inbound(CALL, tenant("smith"));
        let tenant = event.tenant.as_mut().unwrap();
        tenant.forward_to = String::new();
        tenant.text_back = Some(TextBack {
            enabled: true,
            ..TextBack::default()
        });
        event
    };
    let ask = async |call: &str, second, from: &str| {
        let mut event = closed();
        let voice = event.voice.as_mut().unwrap();
        voice.call_sid = call.into();
        voice.from = from.into();
        let told = Told::new(second, &format!("{call}-in"), What::Inbound(event), true);
        app.ask(&told).await.contains("will text you")
    };
    assert!(ask("CA1", 0, CALLER).await);
    assert!(!ask("CA2", 0, "anonymous").await);
    assert!(!ask("CA3", 0, "sip:alice@example.com").await);
    app.publish("calls.message-sent", at(5), &text_sent("conv1"))
        .await;
    let changed = |opted_out| OptOutChanged {
        tenant_id: "smith".into(),
        customer: CALLER.into(),
        opted_out,
    };
    app.publish("calls.opt-outs", at(10), &changed(true)).await;
    assert!(!ask("CA4", 20, CALLER).await, "opted out");
    app.publish("calls.opt-outs", at(30), &changed(false)).await;
    assert!(ask("CA5", 40, CALLER).await);
    let landline = MessageRefused {
        tenant_id: "smith".into(),
        to: CALLER.into(),
        code: 21614,
        ..MessageRefused::default()
    };
    app.publish("calls.message-refused", at(50), &landline)
        .await;
    assert!(!ask("CA6", 60, CALLER).await, "a landline");
}

/// What is older than the tenant keeps goes, with all that was known of it; what goes on stays.
pub async fn calls_whose_time_is_over_are_removed(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let over = status(CALL, tenant("smith"), "completed", Some(60), "");
    app.publish("calls.status", at(70), &over).await;
    app.ask(&Told::comes_in("CA00000000000000000000000000000002"))
        .await;
    let due = RetentionDue {
        tenant_id: "smith".into(),
        calls_before: "2999-01-01T00:00:00Z".into(),
        ..RetentionDue::default()
    };
    app.publish("calls.expire", at(80), &due).await;
    let calls = app.get("/calls/").await;
    let left: Vec<_> = calls["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["call_sid"])
        .collect();
    assert_eq!(
        left,
        ["CA00000000000000000000000000000002"],
        "the one that goes on"
    );
    let path = format!("/calls/{CALL}/timeline");
    assert_eq!(app.call("GET", &path, testkit::ADMIN, None).await.0, 404);
}
