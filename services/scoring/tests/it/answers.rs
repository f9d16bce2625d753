//! Scores and summaries.

use std::sync::Arc;

use events::v1::{AnswerNotScored, AnswerScored, InterviewNotSummarized, InterviewSummarized};
use serde_json::{Value, json};

use crate::lab::{Lab, score, summarize};

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

pub async fn a_score_rests_on_what_was_said(lab: Arc<Lab>) {
    lab.world().say([scored(70, "\"I led a team of five\"")]);
    lab.publish(&score("a1", SAID)).await;
    let (_, event) = lab.ear.hear::<AnswerScored>(1).await.remove(0);
    assert_eq!((event.score, event.feedback.as_str()), (70, "Leads."));
    assert_eq!(event.quote, "I led a team of five");
    let usage = event.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(100), Some(20))
    );
    assert_eq!(usage.cost_micro_usd, Some(300));
}

pub async fn a_quote_is_asked_for_again(lab: Arc<Lab>) {
    lab.world()
        .say([scored(70, "a team of fifty"), scored(60, "team of five.")]);
    lab.publish(&score("a1", SAID)).await;
    let (_, event) = lab.ear.hear::<AnswerScored>(1).await.remove(0);
    assert_eq!((event.score, event.quote.as_str()), (60, "team of five."));
    let usage = event.usage.unwrap();
    assert_eq!(
        (usage.attempts, usage.prompt_tokens, usage.cost_micro_usd),
        (2, Some(200), Some(600))
    );
    // A score is not given up for its quote.
    lab.world().say([scored(50, "a team of fifty")]);
    lab.publish(&score("a2", SAID)).await;
    let (_, event) = lab.ear.hear::<AnswerScored>(2).await.remove(1);
    assert_eq!((event.score, event.quote.as_str()), (50, ""));
    // A score that is none is.
    lab.world().say([scored(101, "a team of five")]);
    lab.publish(&score("a3", SAID)).await;
    let (_, event) = lab.ear.hear::<AnswerNotScored>(1).await.remove(0);
    assert_eq!(
        (event.answer_id.as_str(), event.reason.as_str()),
        ("a3", "provider_failed")
    );
}

pub async fn what_was_not_said_is_not_scored(lab: Arc<Lab>) {
    lab.publish(&score("a1", " \n")).await;
    let (_, event) = lab.ear.hear::<AnswerNotScored>(1).await.remove(0);
    assert_eq!(event.reason, "nothing_said");
    lab.publish(&summarize("i1", &[None, None])).await;
    let (_, event) = lab.ear.hear::<InterviewNotSummarized>(1).await.remove(0);
    assert_eq!(event.reason, "nothing_said");
    let mut unscored = summarize("i2", &[Some(1)]);
    unscored.turns[0].score = None;
    lab.publish(&unscored).await;
    let (_, event) = lab.ear.hear::<InterviewNotSummarized>(2).await.remove(1);
    assert_eq!(event.reason, "nothing_scored");
    assert!(lab.world().asked("completions").is_empty());
}

pub async fn an_interview_is_summed_up(lab: Arc<Lab>) {
    lab.world()
        .say([summary("hire him"), summary("strong_yes")]);
    lab.publish(&summarize("i1", &[Some(80), None, Some(51)]))
        .await;
    let (_, event) = lab.ear.hear::<InterviewSummarized>(1).await.remove(0);
    assert_eq!(
        (event.overall_score, event.recommendation.as_str()),
        (66, "strong_yes")
    );
    assert_eq!(event.strengths, ["leads a team"]);
    assert_eq!(event.areas_for_improvement, ["numbers"]);
    assert_eq!(event.feedback, "Good. You led. Go on!");
    assert_eq!(event.usage.unwrap().attempts, 2);
}

pub async fn a_coach_recommends_nobody(lab: Arc<Lab>) {
    lab.world().say([summary("no")]);
    let mut command = summarize("i1", &[Some(40)]);
    command.kind = "coach".to_owned();
    lab.publish(&command).await;
    let (_, event) = lab.ear.hear::<InterviewSummarized>(1).await.remove(0);
    assert_eq!(
        (event.overall_score, event.recommendation.as_str()),
        (40, "")
    );
}
