//! Whole calls: what the caller is given to hear, and what is asked for meanwhile.

use std::sync::Arc;

use chrono::NaiveTime;
use events::v1::{
    AnswerNotTranscribed, AnswerTaken, AnswerTranscribe, CallHangUp, CallPlace, CallPlaced,
    CallRedirect, CallRefused, FlowDefine, InterviewDial, InterviewEnded, InterviewEvaluated,
    InterviewStarted, InterviewSummarize, QuestionWrite, SpeechSynthesize, TwilioCallContinued,
    TwilioGatherFinished, TwilioRecordFinished,
};
use flow::{AnsweringMachine, Definition, OnMachine, QuietHours, Retry};
use role::derive_id;
use serde_json::{Value, json};
use store::types::Json;

use crate::stage::{CALL, Stage, voice, webhook};
use crate::world;

const OUTBOUND: &str = "CA00000000000000000000000000000002";

/// A coached interview, from the menu to the feedback; each question is there when it is needed.
pub async fn a_coach_is_heard_from_the_menu_to_the_feedback(stage: Arc<Stage>) {
    let greeted = stage.call("coach").await;
    assert!(
        greeted.contains("<Gather") && greeted.contains("press or say 1"),
        "{greeted}"
    );
    assert!(
        greeted.contains(r#"<Say voice="Polly.Amy" language="en-GB">"#),
        "{greeted}"
    );
    let id = stage.interview();
    stage.write(1, "What do you build?").await;
    stage
        .until(&id, "the first question is there", |row| {
            row.progress.0.to_string().contains("What do you build?")
        })
        .await;
    // The greeting, the menu, the question.
    stage.ear.hear::<SpeechSynthesize>(3).await;
    stage.speak_all().await;
    let again = stage.press("9").await;
    assert!(
        again.contains("/audio/"),
        "what has its sound is played: {again}"
    );

    let mut xml = stage.press("1").await;
    assert!(
        xml.contains("What do you build?") || xml.contains("/audio/"),
        "{xml}"
    );
    for number in 1..=5u32 {
        assert!(
            xml.contains("<Record") && xml.contains(&format!("question_number={number}")),
            "{xml}"
        );
        if number < 5 {
            let text = format!("Question {}?", number + 1);
            stage.write(number as usize + 1, &text).await;
            stage
                .until(&id, "it is there", |row| {
                    row.progress.0.to_string().contains(&text)
                })
                .await;
        }
        xml = stage.ask(&stage.answer(&id, CALL, number, "#")).await;
        stage.recorded(&id, CALL, number, "completed").await;
    }
    assert!(
        xml.contains("<Redirect>/continue-interview?interview_id="),
        "{xml}"
    );
    let waits = {
        let (stage, id) = (stage.clone(), id.clone());
        tokio::spawn(async move { stage.ask(&stage.go_on(&id, CALL, "")).await })
    };
    stage
        .until(&id, "the caller waits for his feedback", |row| {
            row.waiting.is_some()
        })
        .await;
    stage.evaluate(5).await;
    stage.sum_up().await;
    let told = waits.await.unwrap();
    assert!(
        told.contains("You did well.") && told.contains("<Hangup/>"),
        "{told}"
    );
    stage.over(&id, CALL, "completed").await;

    let ended = stage.ear.hear::<InterviewEnded>(1).await;
    assert_eq!(ended[0].1.interview.as_ref().unwrap().outcome, "completed");
    let evaluated = stage.ear.hear::<InterviewEvaluated>(1).await;
    // The mean of 70, 80, 90, 100 and 100: what a model says of the whole does not count.
    assert_eq!(evaluated[0].1.overall_score, Some(88));
    assert_eq!(stage.ear.hear::<AnswerTaken>(5).await.len(), 5);
    assert_eq!(stage.ear.hear::<AnswerTranscribe>(5).await.len(), 5);
    assert_eq!(stage.ear.hear::<QuestionWrite>(5).await.len(), 5);
    assert_eq!(stage.ear.hear::<InterviewStarted>(1).await.len(), 1);
    let results = stage.get(&format!("/api/interviews/{id}/results/")).await;
    assert_eq!(
        (&results["overall_score"], &results["recommendation"]),
        (&json!(88), &json!("yes")),
        "{results}"
    );
    assert_eq!(stage.dead().await, []);
}

/// A question that is late is replaced when the caller has waited long enough, and asked next.
pub async fn a_late_question_is_replaced_and_asked_next(stage: Arc<Stage>) {
    stage.call("coach").await;
    let id = stage.interview();
    stage.ear.hear::<QuestionWrite>(1).await;
    let held = {
        let stage = stage.clone();
        tokio::spawn(async move { stage.press("1").await })
    };
    stage
        .until(&id, "the caller waits", |row| row.waiting.is_some())
        .await;
    stage.wait(3);
    let xml = held.await.unwrap();
    assert!(
        xml.contains("Tell me about a time when you took the lead."),
        "{xml}"
    );
    stage.write(1, "The late one?").await;
    stage
        .until(&id, "it is there", |row| {
            row.progress.0.to_string().contains("The late one?")
        })
        .await;
    let xml = stage.ask(&stage.answer(&id, CALL, 1, "#")).await;
    assert!(xml.contains("The late one?"), "{xml}");
    // The same webhook as another event, as a front door without Twilio's mark may see it: the same question again.
    let again = stage.ask(&stage.answer(&id, CALL, 1, "#")).await;
    assert!(
        again.contains("The late one?") && again.contains("question_number=2"),
        "{again}"
    );
    assert_eq!(stage.ear.hear::<AnswerTaken>(1).await.len(), 1);
}

/// A question that comes while the caller waits is asked at once.
pub async fn a_question_that_comes_in_the_wait_is_asked_at_once(stage: Arc<Stage>) {
    stage.call("coach").await;
    let id = stage.interview();
    let held = {
        let stage = stage.clone();
        tokio::spawn(async move { stage.press("1").await })
    };
    stage
        .until(&id, "the caller waits", |row| row.waiting.is_some())
        .await;
    stage.write(1, "Just in time?").await;
    let xml = held.await.unwrap();
    assert!(xml.contains("Just in time?"), "{xml}");
}

/// The menu: words, silence, the last feedback, goodbye.
pub async fn the_menu_says_what_it_can(stage: Arc<Stage>) {
    let mut last = world::ended("earlier", "smith", &flow::Progress::default());
    last.kind = "coach".into();
    last.result = Some(Json(json!({"feedback": "Speak up."})));
    stage.keep(&last).await;
    stage.call("coach").await;
    let silent = stage.press("").await;
    assert!(silent.contains("Sorry, I did not get that."), "{silent}");
    let spoken = TwilioGatherFinished {
        speech: "the feedback, please".into(),
        ..stage.pressed("")
    };
    let feedback = stage.ask(&spoken).await;
    assert!(
        feedback.contains("Speak up.") && feedback.contains("<Gather"),
        "{feedback}"
    );
    let bye = stage.press("3").await;
    assert!(
        bye.contains("Goodbye!") && bye.contains("<Hangup/>"),
        "{bye}"
    );
}

/// What is missing or unknown in a live call is spoken of.
pub async fn what_is_unknown_is_spoken_of(stage: Arc<Stage>) {
    let strange = [("interview_id", "nobodys")];
    let answers = [
        stage.ask(&stage.go_on("nobodys", CALL, "")).await,
        stage
            .ask(&TwilioGatherFinished {
                webhook: webhook(&strange),
                ..stage.pressed("1")
            })
            .await,
        stage
            .ask(&TwilioRecordFinished {
                webhook: webhook(&[]),
                ..stage.answer("", CALL, 1, "#")
            })
            .await,
    ];
    for xml in answers {
        assert!(
            xml.contains("We are sorry") && xml.contains("<Hangup/>"),
            "{xml}"
        );
    }
    // Another call cannot take an interview over.
    stage.call("coach").await;
    let other = TwilioCallContinued {
        voice: voice(OUTBOUND, "in-progress"),
        ..stage.go_on(&stage.interview(), OUTBOUND, "")
    };
    let xml = stage.ask(&other).await;
    assert!(xml.contains("We are sorry"), "{xml}");
    assert_eq!(
        stage.row(&stage.interview()).await.call_sid.as_deref(),
        Some(CALL)
    );
}

fn row(id: &str, change: impl FnOnce(&mut Definition)) -> interviews::door::InterviewRow {
    let mut definition = Definition::screener(vec!["Why us?".into(), "Why you?".into()]);
    change(&mut definition);
    interviews::door::InterviewRow {
        definition: Json(definition.to_value()),
        ..world::pending(id, "smith")
    }
}

fn place_id(id: &str, attempt: u32) -> String {
    derive_id(&["call.place", id, &attempt.to_string()])
}

fn dial(id: &str, attempt: u32) -> InterviewDial {
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
pub async fn a_candidate_is_called_and_evaluated(stage: Arc<Stage>) {
    stage.keep(&row("i1", |_| {})).await;
    stage.tell(&dial("i1", 1)).await;
    let place = stage.ear.hear::<CallPlace>(1).await.remove(0).1;
    assert_eq!(
        (place.to.as_str(), place.interview_id.as_str()),
        (world::PERSON, "i1")
    );
    assert!(
        place.url.contains("/start-interview?interview_id=i1"),
        "{}",
        place.url
    );
    // He picks up before egress has told us which call it is.
    let xml = stage.ask(&stage.go_on("i1", OUTBOUND, "human")).await;
    assert!(
        xml.contains("Why us?") && xml.contains("record-response"),
        "{xml}"
    );
    stage.tell(&placed("i1", 1, OUTBOUND)).await;
    // The recording is told of before its answer.
    stage.recorded("i1", OUTBOUND, 1, "completed").await;
    stage.ear.hear::<AnswerTranscribe>(1).await;
    let xml = stage.ask(&stage.answer("i1", OUTBOUND, 1, "#")).await;
    assert!(xml.contains("Why you?"), "{xml}");
    // He hangs up in his second answer, whose recording Twilio never tells of.
    stage.over("i1", OUTBOUND, "completed").await;
    stage
        .until("i1", "the end is known", |row| {
            row.progress.0["end"].is_object()
        })
        .await;
    let xml = stage.ask(&stage.answer("i1", OUTBOUND, 2, "hangup")).await;
    assert!(xml.contains("<Hangup/>"), "{xml}");
    let ended = stage
        .ear
        .hear::<InterviewEnded>(1)
        .await
        .remove(0)
        .1
        .interview
        .unwrap();
    assert_eq!((ended.outcome.as_str(), ended.answers), ("completed", 2));
    assert_eq!(stage.ear.hear::<AnswerTranscribe>(1).await.len(), 1);
    stage.wait(11);
    stage.ear.hear::<AnswerTranscribe>(2).await;
    stage.evaluate(2).await;
    stage.sum_up().await;
    stage.ear.hear::<InterviewEvaluated>(1).await;
    let results = stage.get("/api/interviews/i1/results/").await;
    assert_eq!(results["overall_score"], 75, "{results}");
    assert_eq!(results["strengths"], json!(["Calm"]));
    assert_eq!(stage.dead().await, []);
}

/// Nobody picks up: why is kept, and he is called again as the flow says.
pub async fn who_is_busy_is_called_again(stage: Arc<Stage>) {
    let retry = Retry {
        attempts: 2,
        after_s: 600,
        ..Retry::default()
    };
    stage.keep(&row("i1", |flow| flow.retry = retry)).await;
    stage.tell(&dial("i1", 1)).await;
    stage.ear.hear::<CallPlace>(1).await;
    stage.tell(&placed("i1", 1, CALL)).await;
    stage.over("i1", CALL, "busy").await;
    stage
        .until("i1", "another attempt is due", |row| row.attempt == 2)
        .await;
    assert_eq!(stage.ear.hear::<CallPlace>(1).await.len(), 1);
    stage.wait(601);
    let places = stage.ear.hear::<CallPlace>(2).await;
    assert_ne!(places[0].1.place_id, places[1].1.place_id);
    stage.tell(&placed("i1", 2, OUTBOUND)).await;
    // The first call's end comes again, late.
    stage.over("i1", CALL, "busy").await;
    stage.over("i1", OUTBOUND, "no-answer").await;
    let ended = stage
        .ear
        .hear::<InterviewEnded>(1)
        .await
        .remove(0)
        .1
        .interview
        .unwrap();
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "no-answer")
    );
}

/// Quiet hours, refusals, machines.
pub async fn a_candidate_is_let_alone(stage: Arc<Stage>) {
    // It is 15:06:40 UTC: 8:06 in Los Angeles.
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
    let quiet = QuietHours {
        from: time("20:00"),
        to: time("09:00"),
    };
    stage
        .keep(&row("quiet", |flow| flow.quiet_hours = Some(quiet)))
        .await;
    stage.tell(&dial("quiet", 1)).await;
    stage.keep(&row("refused", |_| {})).await;
    stage.tell(&dial("refused", 1)).await;
    let place = stage.ear.hear::<CallPlace>(1).await.remove(0).1;
    assert_eq!(place.interview_id, "refused");
    stage
        .tell(&CallRefused {
            place_id: place_id("refused", 1),
            interview_id: "refused".into(),
            reason: "not_whitelisted".into(),
            ..CallRefused::default()
        })
        .await;
    let ended = stage
        .ear
        .hear::<InterviewEnded>(1)
        .await
        .remove(0)
        .1
        .interview
        .unwrap();
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "not_whitelisted")
    );
    stage.wait(3_600);
    let places = stage.ear.hear::<CallPlace>(2).await;
    assert_eq!(places[1].1.interview_id, "quiet");

    let machine = AnsweringMachine {
        action: OnMachine::Message,
        message: "Please call us back.".into(),
    };
    stage
        .keep(&row("machine", |flow| flow.machine = machine))
        .await;
    stage.tell(&dial("machine", 1)).await;
    let place = stage.ear.hear::<CallPlace>(3).await.remove(2).1;
    assert_eq!(place.machine_detection, "DetectMessageEnd");
    let xml = stage
        .ask(&stage.go_on("machine", CALL, "machine_end_beep"))
        .await;
    assert!(
        xml.contains("Please call us back.") && xml.contains("<Hangup/>"),
        "{xml}"
    );
    stage.over("machine", CALL, "completed").await;
    let ended = stage
        .ear
        .hear::<InterviewEnded>(2)
        .await
        .remove(1)
        .1
        .interview
        .unwrap();
    assert_eq!(
        (ended.outcome.as_str(), ended.failure_reason.as_str()),
        ("failed", "machine")
    );
}

/// What cannot be transcribed is marked and left out; an empty recording is silence.
pub async fn a_missing_answer_is_left_out(stage: Arc<Stage>) {
    stage
        .keep(&row("i1", |flow| {
            flow.questions.push(flow.questions[0].clone())
        }))
        .await;
    stage.tell(&dial("i1", 1)).await;
    stage.ask(&stage.go_on("i1", CALL, "human")).await;
    stage.ask(&stage.answer("i1", CALL, 1, "#")).await;
    let empty = TwilioRecordFinished {
        recording: None,
        ..stage.answer("i1", CALL, 2, "")
    };
    stage.ask(&empty).await;
    stage.ask(&stage.answer("i1", CALL, 3, "#")).await;
    stage.recorded("i1", CALL, 1, "completed").await;
    let order = stage.ear.hear::<AnswerTranscribe>(1).await.remove(0).1;
    stage
        .tell(&AnswerNotTranscribed {
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
    let orders = stage.ear.hear::<AnswerTranscribe>(2).await;
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
    // Nobody scores what he was not given.
    stage.ear.hear::<events::v1::AnswerScore>(1).await;
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
    stage.ear.hear::<InterviewEvaluated>(1).await;
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

/// A live interview is moved on by hand; one that is over its time is ended.
pub async fn an_operator_moves_it_on(stage: Arc<Stage>) {
    let flow =
        json!({"name": "short", "kind": "coach", "questions": ["One?", "Two?"], "max_call_s": 60});
    stage
        .tell(&FlowDefine {
            tenant_id: "smith".into(),
            name: "short".into(),
            definition: flow.to_string(),
        })
        .await;
    testkit::eventually("the flow is there", async || {
        let listed = stage.get("/api/flows/").await;
        listed["items"]
            .as_array()
            .is_some_and(|items| items.iter().any(|item| item["name"] == "short"))
    })
    .await;
    stage.call("coach:short").await;
    let id = stage.interview();
    let xml = stage.press("1").await;
    assert!(xml.contains("One?"), "{xml}");
    let (status, body) = stage
        .post(&format!("/api/interviews/{id}/flow/"), json!({}))
        .await;
    assert_eq!(status, 200, "{body}");
    let redirect = stage.ear.hear::<CallRedirect>(1).await.remove(0).1;
    assert!(
        redirect
            .url
            .ends_with(&format!("/continue-interview?interview_id={id}")),
        "{}",
        redirect.url
    );
    let xml = stage.ask(&stage.go_on(&id, CALL, "")).await;
    assert!(xml.contains("Two?"), "{xml}");
    stage.wait(61);
    assert_eq!(stage.ear.hear::<CallHangUp>(1).await[0].1.call_sid, CALL);
    assert_eq!(stage.ear.heard::<InterviewSummarize>().len(), 0);
}
