//! `/api/candidates/`.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use phone::E164;
use role::Tx;
use role::http::{ApiError, Caller};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::page::{List, Wanted, cursor};
use super::read::Reader;
use super::{Created, State, missing};
use crate::db::{self, CandidateRow};

/// The longest resume, in bytes.
const LONGEST_RESUME: usize = 256 * 1024;

/// A candidate to be.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read field by field")]
pub(super) struct New {
    /// Unsaid: the key's own.
    tenant_id: Option<String>,
    /// As he is spoken to.
    name: String,
    /// E.164.
    phone: String,
    email: Option<String>,
    /// An IANA name: quiet hours are his. Unsaid: the tenant's.
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
    body: Json<Value>,
) -> Result<HttpResponse, ApiError> {
    let mut read = Reader::of(body.into_inner())?;
    let row = CandidateRow {
        id: state.clock.id(),
        tenant_id: read.tenant(&caller),
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
    let mut tx = state.store.begin().await?;
    db::candidate_insert(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(HttpResponse::Created().json(Created { id: row.id }))
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    wanted: Query<Wanted>,
) -> Result<Json<List<Candidate>>, ApiError> {
    let (shown, page) = wanted.into_inner().of(caller)?;
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

/// A candidate that this caller may see.
pub(super) async fn find(
    tx: &mut Tx,
    caller: &Caller,
    id: &str,
) -> Result<Option<CandidateRow>, store::Error> {
    let row = db::candidate_find(tx, id).await?;
    Ok(row.filter(|row| caller.may_see(&row.tenant_id)))
}
