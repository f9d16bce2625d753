//! Nothing is paid for twice.

use std::sync::Arc;

use events::v1::{AnswerScored, AnswerTranscribed, InterviewSummarized, QuestionWritten};
use serde_json::json;

use crate::answers::{scored, summary};
use crate::outside::wav;
use crate::test_app::{RECORDING, TestApp, score, summarize, transcribe, write};

const KINDS: [&str; 2] = ["completions", "transcriptions"];

async fn everything(app: &TestApp) {
    app.publish(&transcribe("a1")).await;
    app.recorder.wait_for::<AnswerTranscribed>(1).await;
    app.world().say([scored(70, "a team")]);
    app.publish(&score("a1", "I led a team")).await;
    app.recorder.wait_for::<AnswerScored>(1).await;
    app.world().say([json!({"question": "What is hard?"})]);
    app.publish(&write("w1")).await;
    app.recorder.wait_for::<QuestionWritten>(1).await;
    app.world().say([summary("yes")]);
    app.publish(&summarize("i1", &[Some(70)])).await;
    app.recorder.wait_for::<InterviewSummarized>(1).await;
}

/// How often a provider was paid, for each kind of work.
fn paid(app: &TestApp) -> Vec<usize> {
    KINDS
        .iter()
        .map(|kind| app.world().asked(kind).len())
        .collect()
}

fn ready(app: &TestApp) {
    app.world().record(RECORDING, wav("whatever"), 0);
    app.world().transcribe_as("I led a team");
}

/// All commands again, each as it was and as a new event, and all at once.
async fn again(app: &TestApp) {
    let before = app.recorder.all().len();
    for _ in 0..3 {
        let bus = app.bus();
        let (a, b) = (
            app.envelope(&transcribe("a1")),
            app.envelope(&score("a1", "I led a team")),
        );
        let (c, d) = (
            app.envelope(&write("w1")),
            app.envelope(&summarize("i1", &[Some(70)])),
        );
        for envelope in [&a, &b, &c, &d, &a, &b, &c, &d] {
            bus.publish(envelope).await.unwrap();
        }
    }
    // The commands are heard as well as what comes of them.
    testkit::eventually("all are answered", async || {
        app.recorder.all().len() >= before + 48
    })
    .await;
}

fn told(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let outcomes = [
        "answer.transcribed",
        "answer.scored",
        "question.written",
        "interview.summarized",
    ];
    let mut told: Vec<_> = app
        .recorder
        .distinct()
        .into_iter()
        .filter(|e| outcomes.contains(&e.kind.as_str()))
        .map(|e| (e.kind.clone(), e.data.to_vec()))
        .collect();
    told.sort();
    told
}

pub async fn what_comes_again_is_told_again(app: Arc<TestApp>) {
    ready(&app);
    everything(&app).await;
    let (first, cost) = (told(&app), paid(&app));
    assert_eq!((first.len(), &cost), (4, &vec![3, 1]));
    again(&app).await;
    assert_eq!(told(&app), first, "the same events, by the same ids");
    assert_eq!(paid(&app), cost);
    assert_eq!(app.world().fetched(), 1);
}

pub async fn new_process_finds_what_was_paid(app: Arc<TestApp>) {
    ready(&app);
    everything(&app).await;
    let (first, cost) = (told(&app), paid(&app));
    app.restart().await;
    again(&app).await;
    assert_eq!(told(&app), first);
    assert_eq!(paid(&app), cost);
}

/// A transcript that came late is scored; a summary is made again with it.
pub async fn other_work_under_the_same_id(app: Arc<TestApp>) {
    app.world().say([scored(70, "a team")]);
    app.publish(&score("a1", "I led a team")).await;
    app.recorder.wait_for::<AnswerScored>(1).await;
    app.world().say([scored(20, "nothing")]);
    app.publish(&score("a1", "I did nothing")).await;
    let told = app.recorder.wait_for::<AnswerScored>(2).await;
    assert_eq!((told[0].1.score, told[1].1.score), (70, 20));
    // An interview that is called again has other recordings.
    ready(&app);
    app.publish(&transcribe("a1")).await;
    app.recorder.wait_for::<AnswerTranscribed>(1).await;
    let mut second = transcribe("a1");
    second.recording_sid = "RE00000000000000000000000000000002".to_owned();
    app.world()
        .record(&second.recording_sid, wav("whatever"), 0);
    app.world().transcribe_as("The second call.");
    app.publish(&second).await;
    let told = app.recorder.wait_for::<AnswerTranscribed>(2).await;
    assert_eq!(told[1].1.transcript, "The second call.");
    // What is in its place and is no result counts as none.
    let objects = app.objects();
    objects
        .put("ai/question/w1.json", "{\"half\":", "application/json")
        .await
        .unwrap();
    app.world().say([json!({"question": "What is hard?"})]);
    app.publish(&write("w1")).await;
    assert_eq!(
        app.recorder.wait_for::<QuestionWritten>(1).await[0]
            .1
            .question,
        "What is hard?"
    );
}

/// What is kept lest it be paid for twice goes with its interview.
pub async fn results_of_an_interview_that_is_gone_are_removed(app: Arc<TestApp>) {
    let objects = app.objects();
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
