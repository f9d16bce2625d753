//! `/api/candidates/`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, Query};
use chrono::{DateTime, Utc};
use events::Envelope;
use events::v1::PersonErase;
use phone::E164;
use role::{Tx, derive_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::page::{List, Wanted, cursor};
use super::read::Reader;
use super::{Created, State, missing, repeat, tenant};
use crate::db::{self, CandidateRow};

/// The longest resume, in bytes.
const LONGEST_RESUME: usize = 256 * 1024;

/// A candidate to be.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read field by field")]
pub(super) struct New {
    /// Unsaid: the key's own, else the only one.
    tenant_id: Option<String>,
    /// As they are spoken to.
    name: String,
    /// E.164.
    phone: String,
    email: Option<String>,
    /// An IANA name: quiet hours go by it. Unsaid: the tenant's.
    timezone: Option<String>,
    /// BCP 47.
    language: Option<String>,
    /// Plain text, at most 256 kB.
    resume: Option<String>,
}

/// A candidate.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Candidate {
    id: String,
    tenant_id: String,
    name: String,
    /// E.164.
    phone: String,
    email: Option<String>,
    timezone: Option<String>,
    language: Option<String>,
    /// Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<CandidateRow> for Candidate {
    fn from(row: CandidateRow) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            name: row.name,
            phone: row.phone,
            email: row.email,
            timezone: row.timezone,
            language: row.language,
            resume: None,
            created_at: row.created_at.0,
        }
    }
}

pub(super) async fn create(
    state: Data<State>,
    caller: Caller,
    Body(body): Body<Value>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut read = Reader::of(body)?;
    let named = read.tenant(&caller);
    let id = repeat::id_of(&request, &caller, "candidate")?;
    let mut row = CandidateRow {
        id: id.unwrap_or_else(|| state.clock.id()),
        tenant_id: String::new(),
        name: read.required("name", |it| it.words("name", 200)),
        phone: read.required("phone", |it| {
            it.text("phone", 32, |text| E164::parse(text).map(String::from))
        }),
        email: read.text("email", 254, |text| match text.split_once('@') {
            Some((name, host)) if !name.is_empty() && host.contains('.') => Ok(text.to_owned()),
            _ => Err("is no e-mail address"),
        }),
        timezone: read.timezone("timezone"),
        language: read.language("language"),
        resume: read.words("resume", LONGEST_RESUME).unwrap_or_default(),
        created_at: state.clock.now().into(),
    };
    read.done()?;
    row.tenant_id = tenant::owner(&state, &caller, named).await?;
    let mut tx = state.store.begin().await?;
    if !db::candidate_insert(&mut tx, &row).await? {
        let before = db::candidate_find(&mut tx, &row.id).await?;
        row.created_at = before.as_ref().map_or(row.created_at, |it| it.created_at);
        if before.as_ref() != Some(&row) {
            return Err(repeat::reused("candidate"));
        }
    }
    tx.commit().await?;
    Ok(HttpResponse::Created().json(Created { id: row.id }))
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Candidate>>, ApiError> {
    let (shown, page) = wanted.of(caller)?;
    let rows = db::candidate_list(&mut state.store.read().await?, &shown).await?;
    Ok(Json(List::of(&page, rows, |row| {
        cursor(row.created_at.0, &row.id)
    })))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Candidate>, ApiError> {
    let mut row = find(&mut state.store.read().await?, &caller, &id)
        .await?
        .ok_or_else(|| missing("candidate", "id"))?;
    let resume = Some(std::mem::take(&mut row.resume));
    Ok(Json(Candidate {
        resume,
        ..row.into()
    }))
}

/// An erasure that was begun.
#[derive(Serialize, JsonSchema)]
pub(super) struct Begun {
    /// Of the receipt.
    id: String,
    /// `pending`.
    status: &'static str,
}

/// Has everything removed that belongs to the candidate, whoever keeps it.
pub(super) async fn delete(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.store.begin().await?;
    let Some(row) = find(&mut tx, &caller, &id).await? else {
        tx.rollback().await?;
        return Err(missing("candidate", "id"));
    };
    if state.directory.entry(&row.phone).is_some() {
        tx.rollback().await?;
        return Err(ApiError::conflict(
            "own_number",
            "the candidate's number is one of a business here: every call of the business would go",
        ));
    }
    // Asked for twice before it is done it is one erasure.
    let made_at = row.created_at.0.to_rfc3339();
    let receipt_id = derive_id(&["erasure", &row.id, &made_at]);
    let command = PersonErase {
        receipt_id: receipt_id.clone(),
        tenant_id: row.tenant_id.clone(),
        number: row.phone,
        candidate_id: row.id,
        requested_by: caller.name,
    };
    let now = state.clock.now();
    let mut envelope = Envelope::at("trunkline/interviews", state.clock.id(), now, &command)
        .tenant(&row.tenant_id)
        .key(&receipt_id);
    envelope.traceparent = telemetry::traceparent();
    let leaving = vec![envelope];
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    let begun = Begun {
        id: receipt_id,
        status: "pending",
    };
    Ok(HttpResponse::Accepted().json(begun))
}

/// A candidate that this caller may see.
pub(super) async fn find(
    tx: &mut Tx,
    caller: &Caller,
    id: &str,
) -> Result<Option<CandidateRow>, store::Error> {
    let row = db::candidate_find(tx, id).await?;
    Ok(row.filter(|row| caller.may_see(&row.tenant_id)))
}
