//! Calls in which nobody speaks, people who are taken for machines, and what is said before anything is recorded.

use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use events::v1::{
    AnswerTranscribe, AnswerTranscribed, CallPlace, CallRefused, TwilioGatherFinished,
};
use flow::{AnsweringMachine, Expect, Kind, OnMachine, QuietHours};
use interviews::door::{InterviewRow, TenantSettings};
use serde_json::json;
use store::types::Json;

use crate::fixtures::{at, screening};
use crate::screener::{dial, place_id};
use crate::stage::{CALL, OUTBOUND, Stage, voice, webhook};

/// Says what scoring heard in so many answers: nothing.
async fn nothing_is_heard(stage: &Stage, count: usize) {
    for (_, order) in stage.recorder.wait_for::<AnswerTranscribe>(count).await {
        stage
            .tell(&AnswerTranscribed {
                answer_id: order.answer_id,
                interview_id: order.interview_id,
                question_number: order.question_number,
                ..AnswerTranscribed::default()
            })
            .await;
    }
}

/// A call with two recorded answers, and nobody pressed a key.
async fn two_answers(stage: &Stage) {
    stage.keep(&screening("i1", |_| {})).await;
    stage.tell(&dial("i1", 1)).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
    stage.ask(&stage.go_on("i1", OUTBOUND, "human")).await;
    for number in 1..=2 {
        stage.ask(&stage.answer("i1", OUTBOUND, number, "")).await;
        stage.recorded("i1", OUTBOUND, number, "completed").await;
    }
    stage.over("i1", OUTBOUND, "completed").await;
    stage
        .until("i1", "the end is known", |row| {
            row.progress.0["end"].is_object()
        })
        .await;
}

pub async fn screener_call_of_silence_is_not_completed(stage: Arc<Stage>) {
    two_answers(&stage).await;
    let platform: &testkit::TestPlatform = &stage;
    let (status, answer) = platform
        .call("GET", "/api/interviews/i1/results/", testkit::ADMIN, None)
        .await;
    let error = &answer["error"];
    assert_eq!((status, &error["code"]), (409, &json!("not_ready")));
    let waiting = json!([
        { "question_number": 1, "what": "transcript" },
        { "question_number": 2, "what": "transcript" },
    ]);
    assert_eq!(error["details"]["waiting_for"], waiting, "{answer}");
    assert!(error["details"]["at_latest"].is_string(), "{answer}");
    nothing_is_heard(&stage, 2).await;
    let ended = stage.ended(1).await;
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "nobody")
    );
    let results = stage.get("/api/interviews/i1/results/").await;
    assert_eq!(results["answers"][0]["transcript_status"], "silent");
    assert_eq!(results["overall_score"], json!(null));
}

/// Whether anything was said never turns out: that is not held against the candidate, nor waited for without end.
pub async fn screener_call_that_is_never_transcribed_is_completed(stage: Arc<Stage>) {
    two_answers(&stage).await;
    stage.recorder.wait_for::<AnswerTranscribe>(2).await;
    stage.wait(6);
    stage
        .until("i1", "late answers had their time", |row| {
            row.progress.0["settled"] == json!(true)
        })
        .await;
    assert_eq!(stage.row("i1").await.status, "in-progress");
    stage.wait(3_601);
    assert_eq!(stage.ended(1).await.outcome, "completed");
    let results = stage.get("/api/interviews/i1/results/").await;
    assert_eq!(
        results["answers"][0]["transcript_status"],
        "unable_to_transcribe"
    );
}

fn eligibility() -> InterviewRow {
    let row = screening("i1", |flow| {
        flow.kind = Kind::Eligibility;
        for question in &mut flow.questions {
            question.expect = Expect::YesNo;
        }
    });
    InterviewRow {
        kind: "eligibility".into(),
        ..row
    }
}

fn gathered(number: u32, digits: &str, speech: &str) -> TwilioGatherFinished {
    let number = number.to_string();
    TwilioGatherFinished {
        webhook: webhook(&[("interview_id", "i1"), ("question_number", &number)]),
        voice: voice(OUTBOUND, "in-progress"),
        digits: digits.into(),
        speech: speech.into(),
        ..TwilioGatherFinished::default()
    }
}

pub async fn eligibility_call_of_silence_ends_early_as_nobody(stage: Arc<Stage>) {
    stage.keep(&eligibility()).await;
    stage.tell(&dial("i1", 1)).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
    let xml = stage.ask(&stage.go_on("i1", OUTBOUND, "human")).await;
    // What is said is over a second after it, not as long as its beginning is waited for.
    assert!(
        xml.contains("timeout=\"5\"") && xml.contains("speechTimeout=\"1\""),
        "{xml}"
    );
    for _ in 0..2 {
        let xml = stage.ask(&gathered(1, "", "")).await;
        assert!(xml.contains("Why us?"), "{xml}");
    }
    let xml = stage.ask(&gathered(1, "", "")).await;
    assert!(
        xml.contains("Goodbye!") && xml.contains("<Hangup/>"),
        "{xml}"
    );
    stage.over("i1", OUTBOUND, "completed").await;
    let ended = stage.ended(1).await;
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "nobody")
    );
    let shown = stage.get("/api/interviews/i1").await;
    assert_eq!(
        (&shown["outcome"], &shown["failure_reason"]),
        (&json!("failed"), &json!("nobody"))
    );
}

pub async fn eligibility_answers_that_nobody_understands_are_unclear(stage: Arc<Stage>) {
    stage.keep(&eligibility()).await;
    stage.tell(&dial("i1", 1)).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
    stage.ask(&stage.go_on("i1", OUTBOUND, "human")).await;
    for number in [1, 1, 1, 2, 2, 2] {
        stage.ask(&gathered(number, "", "Potato.")).await;
    }
    stage.over("i1", OUTBOUND, "completed").await;
    assert_eq!(stage.ended(1).await.outcome, "unclear");
}

pub async fn key_in_the_message_for_machines_begins_the_interview(stage: Arc<Stage>) {
    let machine = AnsweringMachine {
        action: OnMachine::Message,
        message: "Please call us back, or press a key.".into(),
    };
    stage
        .keep(&screening("i1", |flow| flow.machine = machine))
        .await;
    stage.tell(&dial("i1", 1)).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
    let xml = stage
        .ask(&stage.go_on("i1", OUTBOUND, "machine_end_beep"))
        .await;
    assert!(
        xml.contains("<Gather input=\"dtmf\"") && xml.contains("Please call us back"),
        "{xml}"
    );
    let pressed = TwilioGatherFinished {
        webhook: webhook(&[("interview_id", "i1")]),
        ..gathered(0, "5", "")
    };
    let xml = stage.ask(&pressed).await;
    assert!(xml.contains("Why us?") && xml.contains("<Record"), "{xml}");
    stage.ask(&stage.answer("i1", OUTBOUND, 1, "#")).await;
    stage.ask(&stage.answer("i1", OUTBOUND, 2, "#")).await;
    stage.over("i1", OUTBOUND, "completed").await;
    assert_eq!(stage.ended(1).await.outcome, "completed");
}

/// An order that is performed too late calls nobody at night.
pub async fn order_that_expires_in_quiet_hours_is_given_again_after_them(stage: Arc<Stage>) {
    // It is 15:06:40 UTC: 8:06 in Los Angeles.
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
    let quiet = QuietHours {
        from: time("08:30"),
        to: time("12:00"),
    };
    stage
        .keep(&screening("i1", |flow| flow.quiet_hours = Some(quiet)))
        .await;
    stage.tell(&dial("i1", 1)).await;
    let place = stage.recorder.wait_for::<CallPlace>(1).await.remove(0).1;
    let expires: chrono::DateTime<chrono::Utc> = place.expires_at.parse().unwrap();
    assert_eq!(expires, at(0) + TimeDelta::seconds(23 * 60 + 20));
    // Twilio was away until 9:06.
    stage.wait(3_600);
    stage
        .tell(&CallRefused {
            place_id: place_id("i1", 1),
            interview_id: "i1".into(),
            reason: "expired".into(),
            ..CallRefused::default()
        })
        .await;
    stage
        .until("i1", "it waits for noon", |row| row.waits_for.is_some())
        .await;
    let shown = stage.get("/api/interviews/i1").await;
    assert_eq!(
        (&shown["status"], &shown["attempt"], &shown["waits_until"]),
        (&json!("pending"), &json!(1), &json!("2025-06-15T19:00:00Z"))
    );
    stage.wait(3 * 3_600);
    let places = stage.recorder.wait_for::<CallPlace>(2).await;
    assert_ne!(places[0].1.place_id, places[1].1.place_id);
    assert_eq!(stage.row("i1").await.waits_for, None);
}

pub async fn consent_notice_is_spoken_in_the_language_of_the_call(stage: Arc<Stage>) {
    let german = |id: &str, consent_notice| {
        let settings = TenantSettings {
            consent_notice,
            voice: "Polly.Vicki".into(),
            ..TenantSettings::default()
        };
        InterviewRow {
            language: "de-DE".into(),
            settings: Json::of(&settings).unwrap(),
            ..screening(id, |_| {})
        }
    };
    let notice =
        "<Say voice=\"Polly.Vicki\" language=\"de-DE\">Dieses Gespräch wird aufgezeichnet.</Say>";
    for (id, call, consent_notice) in [("i1", CALL, true), ("i2", OUTBOUND, false)] {
        stage.keep(&german(id, consent_notice)).await;
        stage.tell(&dial(id, 1)).await;
        stage
            .until(id, "it rings", |row| row.status == "calling")
            .await;
        let xml = stage.ask(&stage.go_on(id, call, "human")).await;
        assert_eq!(xml.contains(notice), consent_notice, "{xml}");
        let record = xml.find("<Record").unwrap();
        assert!(xml.find(notice).is_none_or(|at| at < record), "{xml}");
    }
}
