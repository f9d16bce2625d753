//! Calls that go wrong: what comes late, from another call, from nowhere or never.

use std::sync::Arc;

use events::v1::{
    AnswerTranscribe, AnswerTranscribed, Call, CallEnded, CallPlace, CallPlaced, CallRefused,
    InterviewDial, InterviewEnded, InterviewEvaluated, InterviewStarted, InterviewSummarize,
    QuestionWrite, TwilioCallContinued, TwilioCallStatus, TwilioGatherFinished,
    TwilioRecordFinished, Webhook,
};
use flow::{AnsweringMachine, Definition, OnMachine, Retry};
use serde_json::json;
use store::types::Json;

use crate::fixtures::{self, screening};
use crate::stage::{CALL, OUTBOUND, Stage, voice, webhook};

/// Has a candidate called.
async fn dialled(stage: &Stage, change: impl FnOnce(&mut Definition)) {
    stage.keep(&screening("i1", change)).await;
    let dial = InterviewDial {
        interview_id: "i1".into(),
        attempt: 1,
    };
    stage.tell(&dial).await;
    stage.recorder.wait_for::<CallPlace>(1).await;
}

fn placed(order: &CallPlace, call: &str) -> CallPlaced {
    CallPlaced {
        place_id: order.place_id.clone(),
        interview_id: order.interview_id.clone(),
        call_sid: call.into(),
        ..CallPlaced::default()
    }
}

async fn ended(stage: &Stage) -> (String, String) {
    let interview = stage.ended(1).await;
    (interview.outcome, interview.failure_reason)
}

/// What an earlier call leaves behind, its timers and its late webhooks, is nothing to the next one.
pub async fn earlier_call_does_not_spoil_the_next(stage: Arc<Stage>) {
    let retry = Retry {
        attempts: 2,
        after_s: 6 * 3_600,
        ..Retry::default()
    };
    dialled(&stage, |flow| {
        flow.max_call_s = 60;
        flow.retry = retry;
    })
    .await;
    // Busy, told before egress has said which call it was.
    stage.over("i1", CALL, "busy").await;
    stage
        .until("i1", "another attempt is due", |row| row.attempt == 2)
        .await;
    // Long after the first call nobody wonders how it went.
    stage.wait(2 * 3_600);
    stage.wait(4 * 3_600 + 1);
    let orders = stage.recorder.wait_for::<CallPlace>(2).await;
    let (first, second) = (&orders[0].1, &orders[1].1);
    stage.tell(&placed(first, CALL)).await;
    stage.over("i1", CALL, "busy").await;
    let refused = CallRefused {
        place_id: first.place_id.clone(),
        interview_id: "i1".into(),
        reason: "expired".into(),
        ..CallRefused::default()
    };
    stage.tell(&refused).await;
    let xml = stage.ask(&stage.go_on("i1", CALL, "human")).await;
    assert!(xml.contains("We are sorry"), "{xml}");
    // The second call is the interview's.
    let xml = stage.ask(&stage.go_on("i1", OUTBOUND, "human")).await;
    assert!(xml.contains("Why us?"), "{xml}");
    stage.tell(&placed(second, OUTBOUND)).await;
    let late = CallRefused {
        place_id: second.place_id.clone(),
        ..refused
    };
    stage.tell(&late).await;
    stage.over("i1", CALL, "busy").await;
    let xml = stage.ask(&stage.answer("i1", OUTBOUND, 1, "#")).await;
    assert!(xml.contains("Why you?"), "{xml}");
    stage.ask(&stage.answer("i1", OUTBOUND, 2, "hangup")).await;
    assert_eq!(ended(&stage).await, ("completed".into(), String::new()));
    // What is paid for by an id is this call's and this recording's.
    stage.recorded("i1", OUTBOUND, 1, "completed").await;
    let order = stage
        .recorder
        .wait_for::<AnswerTranscribe>(1)
        .await
        .remove(0)
        .1;
    assert!(
        order
            .answer_id
            .ends_with(&format!(".2.1.{}", order.recording_sid)),
        "{}",
        order.answer_id
    );
    let others = AnswerTranscribed {
        answer_id: order.answer_id.replace(".2.1.", ".1.1."),
        interview_id: "i1".into(),
        question_number: 1,
        transcript: "Somebody else's words.".into(),
        ..AnswerTranscribed::default()
    };
    stage.tell(&others).await;
    stage.evaluate(1).await;
    let kept = stage.row("i1").await.progress.0.to_string();
    assert!(!kept.contains("Somebody else"), "{kept}");
    assert_eq!(stage.recorder.heard::<InterviewStarted>().len(), 1);
    assert_eq!(stage.dead().await, []);
}

/// The request that said who picked up was lost; Twilio's status says it later.
pub async fn machine_is_not_interviewed(stage: Arc<Stage>) {
    let machine = AnsweringMachine {
        action: OnMachine::Message,
        message: "Please call us back.".into(),
    };
    dialled(&stage, |flow| flow.machine = machine).await;
    let xml = stage.ask(&stage.go_on("i1", CALL, "")).await;
    assert!(xml.contains("Why us?"), "{xml}");
    let detected = TwilioCallStatus {
        webhook: webhook(&[("interview_id", "i1")]),
        voice: voice(CALL, "in-progress"),
        answered_by: "machine_end_beep".into(),
        ..TwilioCallStatus::default()
    };
    stage.tell(&detected).await;
    stage
        .until("i1", "it is known", |row| {
            row.progress.0["picked_up"] == "machine_end_beep"
        })
        .await;
    for _ in 0..2 {
        let xml = stage.ask(&stage.answer("i1", CALL, 1, "")).await;
        assert!(
            xml.contains("Please call us back.") && xml.contains("<Hangup/>"),
            "{xml}"
        );
    }
    stage.over("i1", CALL, "completed").await;
    assert_eq!(ended(&stage).await, ("failed".into(), "machine".into()));
    stage.wait(6);
    stage.recorder.wait_for::<InterviewEvaluated>(1).await;
    assert_eq!(stage.recorder.heard::<AnswerTranscribe>().len(), 0);
}

/// Whatever scoring leaves undone, the results are there in the end, once.
pub async fn results_do_not_wait_for_ever(stage: Arc<Stage>) {
    dialled(&stage, |_| {}).await;
    stage.ask(&stage.go_on("i1", CALL, "human")).await;
    for number in 1..=2 {
        stage.ask(&stage.answer("i1", CALL, number, "#")).await;
        stage.recorded("i1", CALL, number, "completed").await;
    }
    stage.recorder.wait_for::<AnswerTranscribe>(2).await;
    stage.over("i1", CALL, "completed").await;
    assert_eq!(ended(&stage).await.0, "completed");
    // One answer is scored, the other never.
    stage.evaluate(1).await;
    stage
        .until("i1", "it has its score", |row| {
            row.progress.0["answers"][0]["scoring"] == "done"
                || row.progress.0["answers"][1]["scoring"] == "done"
        })
        .await;
    assert_eq!(stage.recorder.heard::<InterviewSummarize>().len(), 0);
    stage.wait(3_601);
    stage.recorder.wait_for::<InterviewSummarize>(1).await;
    assert_eq!(stage.recorder.heard::<InterviewEvaluated>().len(), 0);
    stage.wait(3_601);
    let told = stage
        .recorder
        .wait_for::<InterviewEvaluated>(1)
        .await
        .remove(0)
        .1;
    assert!(
        matches!(told.overall_score, Some(70 | 80)),
        "{:?}",
        told.overall_score
    );
    // It comes at last: too late.
    stage.sum_up().await;
    stage.wait(3_601);
    let results = stage.get("/api/interviews/i1/results/").await;
    assert_eq!(results["strengths"], json!([]), "{results}");
    assert_eq!(stage.recorder.heard::<InterviewEvaluated>().len(), 1);
    assert_eq!(stage.dead().await, []);
}

/// Twilio was not told whom to tell of the end of a call that came in.
pub async fn call_whose_end_nobody_tells_ends(stage: Arc<Stage>) {
    stage.call("coach").await;
    stage.wait(5 * 3_600 + 1);
    assert_eq!(ended(&stage).await, ("abandoned".into(), String::new()));
    stage.recorder.wait_for::<InterviewEvaluated>(1).await;
    let results = stage
        .get(&format!("/api/interviews/{}/results/", stage.interview()))
        .await;
    assert_eq!(results["overall_score"], json!(null), "{results}");
}

/// Twilio's callback of the end was lost; calls has looked, and says so. An earlier call's end, another account's, and a call that
/// goes on are nothing to it.
pub async fn end_that_calls_has_found_out_ends_the_interview(stage: Arc<Stage>) {
    stage.call("coach").await;
    let told = |call_sid: &str, account_sid: &str, status: &str| CallEnded {
        call: Some(Call {
            call_sid: call_sid.into(),
            account_sid: account_sid.into(),
            status: status.into(),
            ..Call::default()
        }),
    };
    let account = webhook(&[]).unwrap().account_sid;
    for other in [
        told(OUTBOUND, &account, "completed"),
        told(CALL, "AC00000000000000000000000000000009", "completed"),
        told(CALL, &account, "in-progress"),
    ] {
        let id = stage.tell(&other).await;
        stage.known(&id, "call-ended").await;
    }
    let interview = stage.interview();
    assert!(stage.row(&interview).await.progress.0["end"].is_null());
    let end = told(CALL, &account, "completed");
    let id = stage.tell(&end).await;
    stage.known(&id, "call-ended").await;
    stage.wait(600);
    assert_eq!(ended(&stage).await, ("abandoned".into(), String::new()));
    // It is told again, and Twilio's own word comes late.
    stage.tell(&end).await;
    stage.over(&interview, CALL, "completed").await;
    assert_eq!(stage.recorder.heard::<InterviewEnded>().len(), 1);
    assert_eq!(stage.dead().await, []);
}

/// A webhook that another account has signed changes nothing, whatever call and interview it names.
pub async fn another_account_has_no_say(stage: Arc<Stage>) {
    stage.call("coach").await;
    let id = stage.interview();
    let others = |query: &[(&str, &str)]| {
        Some(Webhook {
            account_sid: "AC00000000000000000000000000000009".into(),
            ..webhook(query).unwrap()
        })
    };
    for query in [vec![], vec![("interview_id", id.as_str())]] {
        let over = TwilioCallStatus {
            webhook: others(&query),
            voice: voice(CALL, "completed"),
            ..TwilioCallStatus::default()
        };
        stage.tell(&over).await;
    }
    let xml = stage.call_of("AC00000000000000000000000000000009").await;
    assert!(xml.contains("We are sorry"), "{xml}");
    let xml = stage.press("9").await;
    assert!(xml.contains("Sorry, I did not get that."), "{xml}");
    assert!(stage.row(&id).await.progress.0["end"].is_null());
}

/// Twilio asks again while its first request is still held: both get what there is to say.
pub async fn two_requests_that_are_held_are_both_answered(stage: Arc<Stage>) {
    dialled(&stage, |_| {}).await;
    stage.ask(&stage.go_on("i1", CALL, "human")).await;
    // The front door gave up on the answer and asks how it goes on; the answer itself is still on its way.
    let asks = || {
        let stage = stage.clone();
        tokio::spawn(async move {
            let mut again = stage.go_on("i1", CALL, "");
            let query = [("interview_id", "i1"), ("question_number", "1")];
            again.webhook = webhook(&query);
            stage.ask(&again).await
        })
    };
    let held = [asks(), asks()];
    stage
        .until("i1", "both wait", |row| {
            let waiting = row.waiting.as_ref();
            waiting.is_some_and(|kept| kept.0.as_array().is_some_and(|all| all.len() == 2))
        })
        .await;
    let xml = stage.ask(&stage.answer("i1", CALL, 1, "#")).await;
    assert!(xml.contains("Why you?"), "{xml}");
    for asked in held {
        assert_eq!(asked.await.unwrap(), xml);
    }
}

/// Those who hide their numbers do not hear each other's feedback.
pub async fn who_hides_has_no_last_feedback(stage: Arc<Stage>) {
    let mut last = fixtures::ended("earlier", "smith", &flow::Progress::default());
    last.kind = "coach".into();
    last.person = "anonymous".into();
    last.result = Some(Json(json!({"feedback": "Speak up."})));
    stage.keep(&last).await;
    stage.call_from("anonymous").await;
    let xml = stage.press("2").await;
    assert!(xml.contains("There is no feedback for you yet."), "{xml}");
}

/// A language in which we have no words: ours are English and spoken so.
pub async fn our_words_are_spoken_in_their_language(stage: Arc<Stage>) {
    dialled(&stage, |flow| {
        flow.language = "fr-FR".into();
        flow.voice = "Polly.Lea".into();
        flow.questions[0].ask = "Pourquoi nous ?".into();
    })
    .await;
    let xml = stage.ask(&stage.go_on("i1", CALL, "human")).await;
    assert!(
        xml.contains(r#"<Say language="en-US">Hello, and thank you"#),
        "{xml}"
    );
    assert!(
        xml.contains(r#"<Say voice="Polly.Lea" language="fr-FR">Pourquoi nous ?</Say>"#),
        "{xml}"
    );
    assert_eq!(stage.recorder.heard::<QuestionWrite>().len(), 0);
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
