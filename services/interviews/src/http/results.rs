//! What an interview came to.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use chrono::{DateTime, Utc};
use role::http::{ApiError, Caller};
use schemars::JsonSchema;
use serde::Serialize;

use super::interviews::{evaluation, find, progress};
use super::view::{AnswerView, UsageView, asked};
use super::{State, sheet};
use crate::db::{self, InterviewRow, TenantSettings};

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

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Results>, ApiError> {
    Ok(Json(load(&state, &caller, &id).await?.1))
}

pub(super) async fn page(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (row, results) = load(&state, &caller, &id).await?;
    let settings: TenantSettings = row.settings.read().unwrap_or_default();
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "private, no-store"))
        // What callers said stands in it: nothing of it may run or be fetched.
        .insert_header((
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        ))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .body(sheet::html(&results, &settings, &row.language)))
}

async fn load(
    state: &State,
    caller: &Caller,
    id: &str,
) -> Result<(InterviewRow, Results), ApiError> {
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, caller, id).await?;
    let progress = progress(&row);
    if row.status != "ended" {
        return Err(ApiError::conflict(
            "not_ready",
            "the interview is not over; GET its flow says how far it has come",
        ));
    }
    let evaluated = row.evaluated_at.is_some() || progress.evaluated;
    if !evaluated && !progress.answers.is_empty() {
        return Err(ApiError::conflict(
            "not_ready",
            "the interview is over and being evaluated; try again shortly",
        ));
    }
    let candidate = match &row.candidate_id {
        Some(id) => db::candidate_find(&mut tx, id).await?,
        None => None,
    };
    let job = match &row.job_id {
        Some(id) => db::job_find(&mut tx, id).await?,
        None => None,
    };
    let evaluation = evaluation(&row);
    let answers = asked(&progress);
    let used = progress.usage.iter().chain(&evaluation.usage);
    let usage: Vec<UsageView> = used.map(Into::into).collect();
    let results = Results {
        interview_id: row.id.clone(),
        tenant_id: row.tenant_id.clone(),
        kind: row.kind.clone(),
        flow: row.flow_name.clone(),
        flow_version: row.flow_version,
        status: row.status.clone(),
        outcome: row.outcome.clone(),
        failure_reason: row.failure_reason.clone(),
        candidate: candidate.map(|it| Person {
            id: it.id,
            name: it.name,
        }),
        position: job.map(|it| it.title),
        overall_score: evaluation.overall_score,
        recommendation: Some(evaluation.recommendation).filter(|it| !it.is_empty()),
        strengths: evaluation.strengths,
        areas_for_improvement: evaluation.areas_for_improvement,
        feedback: evaluation.feedback,
        simulated: usage.iter().any(|it| it.simulated) || answers.iter().any(|it| it.simulated),
        answers,
        usage,
        started_at: row.started_at.map(|it| it.0),
        ended_at: row.ended_at.map(|it| it.0),
        evaluated_at: row.evaluated_at.map(|it| it.0),
    };
    Ok((row, results))
}
