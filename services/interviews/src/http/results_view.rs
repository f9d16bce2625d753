//! What an interview came to, as the outside sees it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::{AnswerView, ReviewView, UsageView};

/// What an interview came to.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Results {
    pub interview_id: String,
    pub tenant_id: String,
    pub kind: String,
    pub flow: String,
    pub flow_version: i64,
    pub status: String,
    pub outcome: String,
    pub failure_reason: Option<String>,
    pub candidate: Option<Person>,
    /// What for.
    pub position: Option<String>,
    /// 0 to 100; null when nothing could be scored.
    pub overall_score: Option<u32>,
    /// `strong_yes`, `yes`, `maybe` or `no`; null where there is none.
    pub recommendation: Option<String>,
    pub strengths: Vec<String>,
    pub areas_for_improvement: Vec<String>,
    pub feedback: String,
    /// Every question that was asked.
    pub answers: Vec<AnswerView>,
    /// Whether a simulated provider made up any of this.
    pub simulated: bool,
    /// What the summary took.
    pub usage: Vec<UsageView>,
    /// What a person says of the interview as a whole, beside AI; null: nothing.
    pub review: Option<ReviewView>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub evaluated_at: Option<DateTime<Utc>>,
}

/// Who was interviewed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Person {
    pub id: String,
    pub name: String,
}
