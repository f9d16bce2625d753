//! What an interview came to.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use api::{ApiError, Caller};
use chrono::{DateTime, Duration, Utc};
use flow::{Answer, Progress, Scoring, Transcription};
use serde::Serialize;
use serde_json::json;

use super::latest::Latest;
use super::results_view::{Person, Results};
use super::stored::{evaluation, find, progress};
use super::view::{UsageView, asked};
use super::{State, results_page};
use crate::db::{self, InterviewRow, TenantSettings};

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
        .body(results_page::html(&results, &settings, &row.language)))
}

/// What results wait for.
#[derive(Debug, Serialize)]
struct Waiting {
    status: String,
    /// Empty: for the interview itself.
    waiting_for: Vec<Missing>,
    /// When they are there at the latest; null while the call goes on.
    at_latest: Option<DateTime<Utc>>,
}

/// Something that is not there yet.
#[derive(Debug, Serialize)]
struct Missing {
    /// Null: the whole interview's.
    question_number: Option<u32>,
    /// `recording`: Twilio has not given it yet; `transcript`, `score` or `summary`: a provider is at work.
    what: &'static str,
}

impl Waiting {
    fn of(row: &InterviewRow, progress: &Progress, longest: Duration) -> Self {
        let missing = |answer: &Answer| {
            let what = match (answer.transcription, answer.scoring) {
                (Transcription::Recording, _) => "recording",
                (Transcription::Pending, _) => "transcript",
                (_, Scoring::Pending) => "score",
                _ => return None,
            };
            let question_number = Some(answer.number);
            Some(Missing {
                question_number,
                what,
            })
        };
        let end = progress.end.as_ref();
        let mut waiting_for = Vec::new();
        if end.is_some() {
            waiting_for.extend(progress.answers.iter().filter_map(missing));
            if waiting_for.is_empty() && progress.summing_up {
                waiting_for.push(Missing {
                    question_number: None,
                    what: "summary",
                });
            }
        }
        Self {
            status: row.status.clone(),
            waiting_for,
            // A summary that can only be asked for then has as long again.
            at_latest: end.map(|end| end.at + longest * 2),
        }
    }

    fn refusal(self) -> ApiError {
        let message = match (self.at_latest, self.waiting_for.first()) {
            (None, _) => {
                "the interview is not over; GET its flow says how far it has come".to_owned()
            }
            (Some(at), None) => {
                format!(
                    "the call is over and being evaluated; results are there by {at} at the latest"
                )
            }
            (Some(at), Some(Missing { what, .. })) => format!(
                "the call is over; its results wait for a {what} (details.waiting_for has them all) and are there by {at} at the latest"
            ),
        };
        ApiError::conflict("not_ready", message).with_details(json!(self))
    }
}

async fn load(
    state: &State,
    caller: &Caller,
    id: &str,
) -> Result<(InterviewRow, Results), ApiError> {
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, caller, id).await?;
    let progress = progress(&row);
    let evaluated = row.evaluated_at.is_some() || progress.evaluated;
    let is_open = row.status != "ended";
    if is_open || (!evaluated && !progress.answers.is_empty()) {
        return Err(Waiting::of(&row, &progress, state.results).refusal());
    }
    let reviews = db::review_list(&mut tx, std::slice::from_ref(&row.id)).await?;
    let results = of_row(&mut tx, &row, &Latest::of(&reviews)).await?;
    Ok((row, results))
}

/// What an interview has come to by now.
pub(super) async fn of_row(
    tx: &mut role::Tx,
    row: &InterviewRow,
    reviews: &Latest,
) -> Result<Results, ApiError> {
    let progress = progress(row);
    let candidate = match &row.candidate_id {
        Some(id) => db::candidate_find(tx, id).await?,
        None => None,
    };
    let job = match &row.job_id {
        Some(id) => db::job_find(tx, id).await?,
        None => None,
    };
    let evaluation = evaluation(row);
    let mut answers = asked(&progress);
    reviews.beside(&mut answers);
    let used = progress.usage.iter().chain(&evaluation.usage);
    let usage: Vec<UsageView> = used.map(Into::into).collect();
    Ok(Results {
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
        review: reviews.whole(),
        started_at: row.started_at.map(|it| it.0),
        ended_at: row.ended_at.map(|it| it.0),
        evaluated_at: row.evaluated_at.map(|it| it.0),
    })
}
