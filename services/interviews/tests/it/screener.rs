//! Candidates who are called: the call, the answers, and what becomes of who is not reached.

use std::sync::Arc;

use chrono::NaiveTime;
use events::v1::{
    AnswerTranscribe, AnswerTranscriptionFailed, CallPlace, CallPlaced, CallRefused, InterviewDial,
    InterviewEvaluated, TwilioRecordFinished,
};
use flow::{AnsweringMachine, OnMachine, QuietHours, Retry};
use role::derive_id;
use serde_json::{Value, json};

use crate::fixtures::{PERSON, screening};
use crate::stage::{CALL, OUTBOUND, Stage};

pub fn place_id(id: &str, attempt: u32) -> String {
    derive_id(&["call.place", id, &attempt.to_string()])
}

pub fn dial(id: &str, attempt: u32) -> InterviewDial {
    InterviewDial {
        interview_id: id.into(),
        attempt,
    }
}

fn placed(id: &str, attempt: u32, call: &str) -> CallPlaced {
    CallPlaced {
        place_id: place_id(id, attempt),
        interview_id: id.into(),
        call_sid: call.into(),
        status: "queued".into(),
        ..CallPlaced::default()
    }
}

/// A screener's call, with the webhooks in the worst order.
pub async fn candidate_is_called_and_evaluated(stage: Arc<Stage>) {
    stage.keep(&screening("i1", |_| {})).await;
    stage.tell(&dial("i1", 1)).await;
    let place = stage.recorder.wait_for::<CallPlace>(1).await.remove(0).1;
    assert_eq!(
        (place.to.as_str(), place.interview_id.as_str()),
        (PERSON, "i1")
    );
    assert!(
        place.url.contains("/start-interview?interview_id=i1"),
        "{}",
        place.url
    );
    // The candidate picks up before egress has told us which call it is.
    let xml = stage.ask(&stage.go_on("i1", OUTBOUND, "human")).await;
    assert!(
        xml.contains("Why us?") && xml.contains("record-response"),
        "{xml}"
    );
    stage.tell(&placed("i1", 1, OUTBOUND)).await;
    // The recording is told of before its answer.
    stage.recorded("i1", OUTBOUND, 1, "completed").await;
    stage.recorder.wait_for::<AnswerTranscribe>(1).await;
    let xml = stage.ask(&stage.answer("i1", OUTBOUND, 1, "#")).await;
    assert!(xml.contains("Why you?"), "{xml}");
    // The candidate hangs up in the second answer, whose recording Twilio never tells of.
    stage.over("i1", OUTBOUND, "completed").await;
    stage
        .until("i1", "the end is known", |row| {
            row.progress.0["end"].is_object()
        })
        .await;
    let xml = stage.ask(&stage.answer("i1", OUTBOUND, 2, "hangup")).await;
    assert!(xml.contains("<Hangup/>"), "{xml}");
    let ended = stage.ended(1).await;
    assert_eq!((ended.outcome.as_str(), ended.answers), ("completed", 2));
    assert_eq!(
        stage.recorder.wait_for::<AnswerTranscribe>(1).await.len(),
        1
    );
    stage.wait(11);
    stage.recorder.wait_for::<AnswerTranscribe>(2).await;
    stage.evaluate(2).await;
    stage.sum_up().await;
    stage.recorder.wait_for::<InterviewEvaluated>(1).await;
    let results = stage.get("/api/interviews/i1/results/").await;
    assert_eq!(results["overall_score"], 75, "{results}");
    assert_eq!(results["strengths"], json!(["Calm"]));
    assert_eq!(stage.dead().await, []);
}

/// Nobody picks up: why is kept, and the candidate is called again as the flow says.
pub async fn who_is_busy_is_called_again(stage: Arc<Stage>) {
    let retry = Retry {
        attempts: 2,
        after_s: 600,
        ..Retry::default()
    };
    stage
        .keep(&screening("i1", |flow| flow.retry = retry))
        .await;
    stage.tell(&dial("i1", 1)).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
    stage.tell(&placed("i1", 1, CALL)).await;
    stage.over("i1", CALL, "busy").await;
    stage
        .until("i1", "another attempt is due", |row| row.attempt == 2)
        .await;
    assert_eq!(stage.recorder.wait_for::<CallPlace>(1).await.len(), 1);
    stage.wait(601);
    let places = stage.recorder.wait_for::<CallPlace>(2).await;
    assert_ne!(places[0].1.place_id, places[1].1.place_id);
    stage.tell(&placed("i1", 2, OUTBOUND)).await;
    // The first call's end comes again, late.
    stage.over("i1", CALL, "busy").await;
    stage.over("i1", OUTBOUND, "no-answer").await;
    let ended = stage.ended(1).await;
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "no-answer")
    );
}

/// Quiet hours, refusals, machines.
pub async fn candidate_is_let_alone(stage: Arc<Stage>) {
    // It is 15:06:40 UTC: 8:06 in Los Angeles.
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
    let quiet = QuietHours {
        from: time("20:00"),
        to: time("09:00"),
    };
    stage
        .keep(&screening("quiet", |flow| flow.quiet_hours = Some(quiet)))
        .await;
    stage.tell(&dial("quiet", 1)).await;
    stage.keep(&screening("refused", |_| {})).await;
    stage.tell(&dial("refused", 1)).await;
    let place = stage.recorder.wait_for::<CallPlace>(1).await.remove(0).1;
    assert_eq!(place.interview_id, "refused");
    stage
        .tell(&CallRefused {
            place_id: place_id("refused", 1),
            interview_id: "refused".into(),
            reason: "not_whitelisted".into(),
            ..CallRefused::default()
        })
        .await;
    let ended = stage.ended(1).await;
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "not_whitelisted")
    );
    stage.wait(3_600);
    let places = stage.recorder.wait_for::<CallPlace>(2).await;
    assert_eq!(places[1].1.interview_id, "quiet");

    let machine = AnsweringMachine {
        action: OnMachine::Message,
        message: "Please call us back.".into(),
    };
    stage
        .keep(&screening("machine", |flow| flow.machine = machine))
        .await;
    stage.tell(&dial("machine", 1)).await;
    let place = stage.recorder.wait_for::<CallPlace>(3).await.remove(2).1;
    assert_eq!(place.machine_detection, "DetectMessageEnd");
    let xml = stage
        .ask(&stage.go_on("machine", CALL, "machine_end_beep"))
        .await;
    assert!(
        xml.contains("Please call us back.") && xml.contains("<Hangup/>"),
        "{xml}"
    );
    stage.over("machine", CALL, "completed").await;
    let ended = stage.ended(2).await;
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "machine")
    );
}

/// What cannot be transcribed is marked and left out; an empty recording is silence.
pub async fn missing_answer_is_left_out(stage: Arc<Stage>) {
    stage
        .keep(&screening("i1", |flow| {
            flow.questions.push(flow.questions[0].clone())
        }))
        .await;
    stage.tell(&dial("i1", 1)).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
    stage.ask(&stage.go_on("i1", CALL, "human")).await;
    stage.ask(&stage.answer("i1", CALL, 1, "#")).await;
    let empty = TwilioRecordFinished {
        recording: None,
        ..stage.answer("i1", CALL, 2, "")
    };
    stage.ask(&empty).await;
    stage.ask(&stage.answer("i1", CALL, 3, "#")).await;
    stage.recorded("i1", CALL, 1, "completed").await;
    let order = stage
        .recorder
        .wait_for::<AnswerTranscribe>(1)
        .await
        .remove(0)
        .1;
    stage
        .tell(&AnswerTranscriptionFailed {
            answer_id: order.answer_id,
            interview_id: "i1".into(),
            question_number: 1,
            reason: "provider_failed".into(),
        })
        .await;
    stage
        .until("i1", "it is marked", |row| {
            row.progress.0.to_string().contains("provider_failed")
        })
        .await;
    stage.recorded("i1", CALL, 3, "completed").await;
    stage.over("i1", CALL, "completed").await;
    let orders = stage.recorder.wait_for::<AnswerTranscribe>(2).await;
    assert_eq!(orders[1].1.question_number, 3);
    stage
        .tell(&events::v1::AnswerTranscribed {
            answer_id: orders[1].1.answer_id.clone(),
            interview_id: "i1".into(),
            question_number: 3,
            transcript: "Words.".into(),
            ..Default::default()
        })
        .await;
    // Nobody scores what was not given.
    stage.recorder.wait_for::<events::v1::AnswerScore>(1).await;
    stage
        .tell(&events::v1::AnswerScored {
            answer_id: orders[1].1.answer_id.clone(),
            interview_id: "i1".into(),
            question_number: 3,
            score: 50,
            ..Default::default()
        })
        .await;
    stage.sum_up().await;
    stage.recorder.wait_for::<InterviewEvaluated>(1).await;
    let results = stage.get("/api/interviews/i1/results/").await;
    assert_eq!(results["overall_score"], 50, "{results}");
    let flow = stage.get("/api/interviews/i1/flow/").await;
    let states: Vec<&Value> = flow["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| &answer["transcript_status"])
        .collect();
    assert_eq!(states[0], "unable_to_transcribe", "{flow}");
}
