//! Callers who practise with the coach: what they are given to hear, and what is asked for meanwhile.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{
    AnswerTaken, AnswerTranscribe, CallHangUp, CallRedirect, FlowDefine, InterviewEvaluated,
    InterviewStarted, InterviewSummarize, QuestionWrite, SpeechSynthesisFailed, SpeechSynthesize,
    TwilioGatherFinished,
};
use serde_json::json;
use store::types::Json;
use testkit::eventually;

use crate::fixtures;
use crate::stage::{CALL, Stage};

/// Waits until these words are to be spoken.
async fn ordered(stage: &Stage, language: &str, words: &str) {
    eventually(&format!("{words:?} is to be spoken"), async || {
        let orders = stage.recorder.heard::<SpeechSynthesize>();
        orders
            .iter()
            .any(|(_, order)| order.language == language && order.text.contains(words))
    })
    .await;
}

pub async fn what_every_caller_hears_is_spoken_before_anybody_calls(stage: Arc<Stage>) {
    let lines = flow::Definition::coach().fixed_lines("en-US", true);
    assert!(lines.len() > 5, "{lines:?}");
    // The orders wait for whoever looks through the outbox, as what a dead process left there does.
    stage.clock.advance(TimeDelta::seconds(5));
    for line in lines {
        ordered(&stage, "en-US", &line).await;
    }
}

/// Its file was removed, and nobody knows any more what it said: callers hear Twilio's voice until it is made again.
pub async fn line_whose_file_is_gone_is_said_and_ordered_again(stage: Arc<Stage>) {
    stage.call("coach").await;
    ordered(&stage, "en-GB", "press or say 1").await;
    stage.speak_all().await;
    let played = stage.press("9").await;
    let (_, file) = played.split_once("/audio/").unwrap();
    let (key, _) = file.split_once('.').unwrap();
    let orders = |key: &str| {
        let all = stage.recorder.heard::<SpeechSynthesize>();
        all.iter().filter(|(_, order)| order.key == key).count()
    };
    let before = orders(key);
    let gone = SpeechSynthesisFailed {
        key: key.to_owned(),
        reason: "gone".to_owned(),
    };
    let id = stage.tell(&gone).await;
    stage.known(&id, "not-spoken").await;
    let said = stage.press("9").await;
    assert!(!said.contains(key) && said.contains("<Say"), "{said}");
    eventually("it is ordered again", async || orders(key) > before).await;
}

/// A coached interview, from the menu to the feedback; each question is there when it is needed.
pub async fn coach_is_heard_from_the_menu_to_the_feedback(stage: Arc<Stage>) {
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
    // In this tenant's language; what is spoken ahead is in American English.
    ordered(&stage, "en-GB", "press or say 1").await;
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
        .until(&id, "the caller waits for feedback", |row| {
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

    assert_eq!(stage.ended(1).await.outcome, "completed");
    let evaluated = stage.recorder.wait_for::<InterviewEvaluated>(1).await;
    // The mean of 70, 80, 90, 100 and 100: what a model says of the whole does not count.
    assert_eq!(evaluated[0].1.overall_score, Some(88));
    assert_eq!(stage.recorder.wait_for::<AnswerTaken>(5).await.len(), 5);
    assert_eq!(
        stage.recorder.wait_for::<AnswerTranscribe>(5).await.len(),
        5
    );
    assert_eq!(stage.recorder.wait_for::<QuestionWrite>(5).await.len(), 5);
    assert_eq!(
        stage.recorder.wait_for::<InterviewStarted>(1).await.len(),
        1
    );
    let results = stage.get(&format!("/api/interviews/{id}/results/")).await;
    assert_eq!(
        (&results["overall_score"], &results["recommendation"]),
        (&json!(88), &json!("yes")),
        "{results}"
    );
    assert_eq!(stage.dead().await, []);
}

/// A question that is late is replaced when the caller has waited long enough, and asked next.
pub async fn late_question_is_replaced_and_asked_next(stage: Arc<Stage>) {
    stage.call("coach").await;
    let id = stage.interview();
    stage.recorder.wait_for::<QuestionWrite>(1).await;
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
    assert_eq!(stage.recorder.wait_for::<AnswerTaken>(1).await.len(), 1);
}

/// A question that comes while the caller waits is asked at once.
pub async fn question_that_comes_in_the_wait_is_asked_at_once(stage: Arc<Stage>) {
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
pub async fn menu_says_what_it_can(stage: Arc<Stage>) {
    let mut last = fixtures::ended("earlier", "smith", &flow::Progress::default());
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

/// A live interview is moved on by hand; one that is over its time is ended.
pub async fn operator_moves_it_on(stage: Arc<Stage>) {
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
    assert_eq!(
        (&body["current_question"], &body["answers"][0]["reason"]),
        (&json!(2), &json!("moved on by hand")),
        "the state after the move: {body}"
    );
    let redirect = stage.recorder.wait_for::<CallRedirect>(1).await.remove(0).1;
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
    assert_eq!(
        stage.recorder.wait_for::<CallHangUp>(1).await[0].1.call_sid,
        CALL
    );
    assert_eq!(stage.recorder.heard::<InterviewSummarize>().len(), 0);
}
