//! Scores and summaries.

use std::sync::Arc;

use events::v1::{AnswerScored, AnswerScoringFailed, InterviewSummarized, InterviewSummaryFailed};
use serde_json::{Value, json};

use crate::test_app::{TestApp, score, summarize};

const SAID: &str = "Well,  I led a team\nof five.";

pub fn scored(score: u32, quote: &str) -> Value {
    json!({"score": score, "feedback": "Leads.", "quote": quote})
}

pub fn summary(recommendation: &str) -> Value {
    json!({
        "overall_score": 99, "recommendation": recommendation, "strengths": ["leads a team", " "],
        "areas_for_improvement": ["numbers"], "feedback": "Good. You led. Go on! And on.",
    })
}

pub async fn score_rests_on_what_was_said(app: Arc<TestApp>) {
    app.world().say([scored(70, "\"I led a team of five\"")]);
    app.publish(&score("a1", SAID)).await;
    let (_, event) = app.recorder.wait_for::<AnswerScored>(1).await.remove(0);
    assert_eq!((event.score, event.feedback.as_str()), (70, "Leads."));
    assert_eq!(event.quote, "I led a team of five");
    let usage = event.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(100), Some(20))
    );
    assert_eq!(usage.cost_micro_usd, Some(300));
}

pub async fn quote_is_asked_for_again(app: Arc<TestApp>) {
    app.world()
        .say([scored(70, "a team of fifty"), scored(60, "team of five.")]);
    app.publish(&score("a1", SAID)).await;
    let (_, event) = app.recorder.wait_for::<AnswerScored>(1).await.remove(0);
    assert_eq!((event.score, event.quote.as_str()), (60, "team of five."));
    let usage = event.usage.unwrap();
    assert_eq!(
        (usage.attempts, usage.prompt_tokens, usage.cost_micro_usd),
        (2, Some(200), Some(600))
    );
    // A score is not given up for its quote.
    app.world().say([scored(50, "a team of fifty")]);
    app.publish(&score("a2", SAID)).await;
    let (_, event) = app.recorder.wait_for::<AnswerScored>(2).await.remove(1);
    assert_eq!((event.score, event.quote.as_str()), (50, ""));
    // A score that is none is.
    app.world().say([scored(101, "a team of five")]);
    app.publish(&score("a3", SAID)).await;
    let (_, event) = app
        .recorder
        .wait_for::<AnswerScoringFailed>(1)
        .await
        .remove(0);
    assert_eq!(
        (event.answer_id.as_str(), event.reason.as_str()),
        ("a3", "provider_failed")
    );
}

pub async fn what_was_not_said_is_not_scored(app: Arc<TestApp>) {
    app.publish(&score("a1", " \n")).await;
    let (_, event) = app
        .recorder
        .wait_for::<AnswerScoringFailed>(1)
        .await
        .remove(0);
    assert_eq!(event.reason, "nothing_said");
    app.publish(&summarize("i1", &[None, None])).await;
    let (_, event) = app
        .recorder
        .wait_for::<InterviewSummaryFailed>(1)
        .await
        .remove(0);
    assert_eq!(event.reason, "nothing_said");
    let mut unscored = summarize("i2", &[Some(1)]);
    unscored.turns[0].score = None;
    app.publish(&unscored).await;
    let (_, event) = app
        .recorder
        .wait_for::<InterviewSummaryFailed>(2)
        .await
        .remove(1);
    assert_eq!(event.reason, "nothing_scored");
    assert!(app.world().asked("completions").is_empty());
}

pub async fn interview_is_summed_up(app: Arc<TestApp>) {
    app.world()
        .say([summary("hire him"), summary("strong_yes")]);
    app.publish(&summarize("i1", &[Some(80), None, Some(51)]))
        .await;
    let (_, event) = app
        .recorder
        .wait_for::<InterviewSummarized>(1)
        .await
        .remove(0);
    assert_eq!(
        (event.overall_score, event.recommendation.as_str()),
        (66, "strong_yes")
    );
    assert_eq!(event.strengths, ["leads a team"]);
    assert_eq!(event.areas_for_improvement, ["numbers"]);
    assert_eq!(event.feedback, "Good. You led. Go on!");
    assert_eq!(event.usage.unwrap().attempts, 2);
}

pub async fn coach_recommends_nobody(app: Arc<TestApp>) {
    app.world().say([summary("no")]);
    let mut command = summarize("i1", &[Some(40)]);
    command.kind = "coach".to_owned();
    app.publish(&command).await;
    let (_, event) = app
        .recorder
        .wait_for::<InterviewSummarized>(1)
        .await
        .remove(0);
    assert_eq!(
        (event.overall_score, event.recommendation.as_str()),
        (40, "")
    );
}
