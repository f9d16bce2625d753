//! Nothing is paid for twice.

use std::sync::Arc;

use events::v1::{AnswerScored, AnswerTranscribed, InterviewSummarized, QuestionWritten};
use serde_json::json;

use crate::answers::{scored, summary};
use crate::lab::{Lab, RECORDING, score, summarize, transcribe, write};
use crate::outside::wav;

const KINDS: [&str; 2] = ["completions", "transcriptions"];

async fn everything(lab: &Lab) {
    lab.publish(&transcribe("a1")).await;
    lab.ear.hear::<AnswerTranscribed>(1).await;
    lab.world().say([scored(70, "a team")]);
    lab.publish(&score("a1", "I led a team")).await;
    lab.ear.hear::<AnswerScored>(1).await;
    lab.world().say([json!({"question": "What is hard?"})]);
    lab.publish(&write("w1")).await;
    lab.ear.hear::<QuestionWritten>(1).await;
    lab.world().say([summary("yes")]);
    lab.publish(&summarize("i1", &[Some(70)])).await;
    lab.ear.hear::<InterviewSummarized>(1).await;
}

/// How often somebody was paid.
fn paid(lab: &Lab) -> Vec<usize> {
    KINDS
        .iter()
        .map(|kind| lab.world().asked(kind).len())
        .collect()
}

fn ready(lab: &Lab) {
    lab.world().record(RECORDING, wav("whatever"), 0);
    lab.world().hear("I led a team");
}

/// All commands again, each as it was and as a new event, and all at once.
async fn again(lab: &Lab) {
    let before = lab.ear.all().len();
    for _ in 0..3 {
        let bus = lab.bus();
        let (a, b) = (
            lab.envelope(&transcribe("a1")),
            lab.envelope(&score("a1", "I led a team")),
        );
        let (c, d) = (
            lab.envelope(&write("w1")),
            lab.envelope(&summarize("i1", &[Some(70)])),
        );
        for envelope in [&a, &b, &c, &d, &a, &b, &c, &d] {
            bus.publish(envelope).await.unwrap();
        }
    }
    // The commands are heard as well as what comes of them.
    testkit::eventually("all are answered", async || {
        lab.ear.all().len() >= before + 48
    })
    .await;
}

fn told(lab: &Lab) -> Vec<(String, Vec<u8>)> {
    let outcomes = [
        "answer.transcribed",
        "answer.scored",
        "question.written",
        "interview.summarized",
    ];
    let mut told: Vec<_> = lab
        .ear
        .distinct()
        .into_iter()
        .filter(|e| outcomes.contains(&e.kind.as_str()))
        .map(|e| (e.kind.clone(), e.data.to_vec()))
        .collect();
    told.sort();
    told
}

pub async fn what_comes_again_is_told_again(lab: Arc<Lab>) {
    ready(&lab);
    everything(&lab).await;
    let (first, cost) = (told(&lab), paid(&lab));
    assert_eq!((first.len(), &cost), (4, &vec![3, 1]));
    again(&lab).await;
    assert_eq!(told(&lab), first, "the same events, by the same ids");
    assert_eq!(paid(&lab), cost);
    assert_eq!(lab.world().fetched(), 1);
}

pub async fn a_new_process_finds_what_was_paid(lab: Arc<Lab>) {
    ready(&lab);
    everything(&lab).await;
    let (first, cost) = (told(&lab), paid(&lab));
    lab.restart().await;
    again(&lab).await;
    assert_eq!(told(&lab), first);
    assert_eq!(paid(&lab), cost);
}

/// A transcript that came late is scored; a summary is made again with it.
pub async fn other_work_under_the_same_id(lab: Arc<Lab>) {
    lab.world().say([scored(70, "a team")]);
    lab.publish(&score("a1", "I led a team")).await;
    lab.ear.hear::<AnswerScored>(1).await;
    lab.world().say([scored(20, "nothing")]);
    lab.publish(&score("a1", "I did nothing")).await;
    let told = lab.ear.hear::<AnswerScored>(2).await;
    assert_eq!((told[0].1.score, told[1].1.score), (70, 20));
    // An interview that is called again has other recordings.
    ready(&lab);
    lab.publish(&transcribe("a1")).await;
    lab.ear.hear::<AnswerTranscribed>(1).await;
    let mut second = transcribe("a1");
    second.recording_sid = "RE00000000000000000000000000000002".to_owned();
    lab.world()
        .record(&second.recording_sid, wav("whatever"), 0);
    lab.world().hear("The second call.");
    lab.publish(&second).await;
    let told = lab.ear.hear::<AnswerTranscribed>(2).await;
    assert_eq!(told[1].1.transcript, "The second call.");
    // What is in its place and is no result counts as none.
    let objects = lab.objects();
    objects
        .put("ai/question/w1.json", "{\"half\":", "application/json")
        .await
        .unwrap();
    lab.world().say([json!({"question": "What is hard?"})]);
    lab.publish(&write("w1")).await;
    assert_eq!(
        lab.ear.hear::<QuestionWritten>(1).await[0].1.question,
        "What is hard?"
    );
}

/// What is kept lest it be paid for twice goes with its interview.
pub async fn results_of_an_interview_that_is_gone_are_removed(lab: Arc<Lab>) {
    let objects = lab.objects();
    let mut kept = Vec::new();
    for kind in ["question", "score", "summary", "transcribe", "speech"] {
        for interview in ["gone", "i1"] {
            let key = format!("ai/{kind}/{interview}.1.1.RE1.json");
            objects.put(&key, "{}", "application/json").await.unwrap();
            kept.push(key);
        }
    }
    // A prompt belongs to no interview.
    kept.retain(|key| key.contains("/i1.") || key.contains("/speech/"));
    testkit::eventually("the sweep is through", async || {
        objects.list("ai/").await.unwrap().len() == kept.len()
    })
    .await;
    for key in kept {
        assert!(objects.head(&key).await.unwrap().is_some(), "{key}");
    }
}
