//! Looking at interviews.

use actix_web::web::{Data, Json, Path};
use api::{ApiError, Caller, Limit, Query};
use chrono::{DateTime, Utc};
use flow::Definition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::State;
use super::latest::Latest;
use super::page::{List, Wanted, cursor};
use super::stored::{evaluation, find, progress};
use super::view::{AnswerView, given};
use crate::db::{self, Evaluation, InterviewRow, Which};

const STATUSES: [&str; 4] = ["pending", "calling", "in-progress", "ended"];

/// Which interviews.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Narrow {
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only `pending`, `calling`, `in-progress` or `ended` ones.
    status: Option<String>,
    /// Only those that follow this flow.
    flow: Option<String>,
    /// Only those for this job.
    job_description_id: Option<String>,
    /// Only this candidate's.
    candidate_id: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// An interview without its questions and answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Summary {
    id: String,
    tenant_id: String,
    /// `screener`, `coach` or `eligibility`.
    kind: String,
    flow: String,
    /// 0: made for this interview.
    flow_version: i64,
    /// `pending`, `calling`, `in-progress` or `ended`.
    status: String,
    /// `completed`, `abandoned`, `failed`, `eligible`, `not_eligible` or `unclear`; null while it is open.
    outcome: Option<String>,
    failure_reason: Option<String>,
    candidate_id: Option<String>,
    job_description_id: Option<String>,
    call_sid: Option<String>,
    /// `inbound` or `outbound`.
    direction: String,
    /// The business's number.
    number: String,
    /// The other party, as Twilio names them.
    person: String,
    language: String,
    /// Which attempt to call, from 1.
    attempt: i64,
    /// Why a pending one is not called now: `quiet_hours` or `retry`; else null.
    waits_for: Option<String>,
    waits_until: Option<DateTime<Utc>>,
    /// 0 to 100, once there is one.
    overall_score: Option<u32>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    evaluated_at: Option<DateTime<Utc>>,
}

/// How far an interview has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Flow {
    interview_id: String,
    status: String,
    outcome: Option<String>,
    failure_reason: Option<String>,
    call_sid: Option<String>,
    /// Why a pending one is not called now: `quiet_hours` or `retry`; else null.
    waits_for: Option<String>,
    waits_until: Option<DateTime<Utc>>,
    /// `new`, `menu`, `asking`, `waiting`, `closing` or `over`.
    stage: String,
    /// The number of the question that was asked last; 0 before the first.
    current_question: u32,
    /// Those that were asked, then those whose words are known already.
    questions: Vec<String>,
    /// Those that were given.
    answers: Vec<AnswerView>,
}

impl From<InterviewRow> for Summary {
    fn from(row: InterviewRow) -> Self {
        let evaluation: Evaluation = evaluation(&row);
        let postponed = i64::from(progress(&row).postponed);
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            kind: row.kind,
            flow: row.flow_name,
            flow_version: row.flow_version,
            status: row.status,
            outcome: Some(row.outcome).filter(|it| !it.is_empty()),
            failure_reason: row.failure_reason,
            candidate_id: row.candidate_id,
            job_description_id: row.job_id,
            call_sid: row.call_sid,
            direction: row.direction,
            number: row.number,
            person: row.person,
            language: row.language,
            attempt: row.attempt - postponed,
            waits_for: row.waits_for,
            waits_until: row.waits_until.map(|it| it.0),
            overall_score: evaluation.overall_score,
            created_at: row.created_at.0,
            started_at: row.started_at.map(|it| it.0),
            ended_at: row.ended_at.map(|it| it.0),
            evaluated_at: row.evaluated_at.map(|it| it.0),
        }
    }
}

impl Flow {
    /// Of an interview as it is kept.
    pub(super) fn of(row: &InterviewRow) -> Self {
        let progress = progress(row);
        let asked = progress.asked.iter().map(|it| it.text.clone());
        // The questions with fixed words come first, so as many of them are known as have not been asked.
        let planned = Definition::stored(&row.definition.0)
            .map(|it| it.questions)
            .unwrap_or_default();
        let planned = planned
            .into_iter()
            .skip(progress.asked.len())
            .map(|it| it.ask);
        let stage = json!(progress.stage);
        Self {
            interview_id: row.id.clone(),
            status: row.status.clone(),
            outcome: Some(row.outcome.clone()).filter(|it| !it.is_empty()),
            failure_reason: row.failure_reason.clone(),
            call_sid: row.call_sid.clone(),
            waits_for: row.waits_for.clone(),
            waits_until: row.waits_until.map(|it| it.0),
            stage: stage["at"].as_str().unwrap_or_default().to_owned(),
            current_question: progress.current(),
            questions: asked.chain(planned).collect(),
            answers: given(&progress),
        }
    }
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    Query(narrow): Query<Narrow>,
) -> Result<Json<List<Summary>>, ApiError> {
    let Narrow {
        tenant,
        status,
        flow,
        job_description_id,
        candidate_id,
        limit,
        cursor: after,
    } = narrow;
    if let Some(status) = &status
        && !STATUSES.contains(&status.as_str())
    {
        let message = format!("is none of {}", STATUSES.join(", "));
        return Err(ApiError::invalid("status", message));
    }
    let wanted = Wanted {
        tenant,
        limit,
        cursor: after,
    };
    let (shown, page) = wanted.of(caller)?;
    let mut tx = state.store.read().await?;
    let which = Which {
        status,
        flow,
        job: job_description_id,
        candidate: candidate_id,
        ..Which::default()
    };
    let rows = db::interview_list(&mut tx, &shown, &which).await?;
    Ok(Json(List::of(&page, rows, |row| {
        cursor(row.created_at.0, &row.id)
    })))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Summary>, ApiError> {
    let row = find(&mut state.store.read().await?, &caller, &id).await?;
    Ok(Json(row.into()))
}

pub(super) async fn flow(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Flow>, ApiError> {
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, &caller, &id).await?;
    let reviews = db::review_list(&mut tx, std::slice::from_ref(&row.id)).await?;
    let mut flow = Flow::of(&row);
    Latest::of(&reviews).beside(&mut flow.answers);
    Ok(Json(flow))
}
