//! `/api/job-descriptions/`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, Query};
use chrono::{DateTime, Utc};
use flow::{MOST_QUESTIONS, is_name};
use role::Tx;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::page::{List, Wanted, cursor};
use super::read::Reader;
use super::{Created, State, missing, repeat, tenant};
use crate::db::{self, JobRow};

/// The longest question, in bytes; the crate `flow` takes no longer one.
const LONGEST_QUESTION: usize = 3_000;

/// A job description to be.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read field by field")]
pub(super) struct New {
    /// Unsaid: the key's own, else the only one.
    tenant_id: Option<String>,
    /// The position.
    title: String,
    /// What the position is, at most 20 kB.
    description: Option<String>,
    /// At most 50. They take the place of the flow's own. None: the flow's are asked.
    questions: Option<Vec<String>>,
    /// The name of a screener's flow; unsaid: the tenant's flow `screener`, else ours.
    flow: Option<String>,
    /// BCP 47, of the questions.
    language: Option<String>,
}

/// A job description.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Job {
    id: String,
    tenant_id: String,
    title: String,
    description: String,
    questions: Vec<String>,
    flow: Option<String>,
    language: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        Self {
            questions: row.questions.read().unwrap_or_default(),
            id: row.id,
            tenant_id: row.tenant_id,
            title: row.title,
            description: row.description,
            flow: row.flow,
            language: row.language,
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
    let id = repeat::id_of(&request, &caller, "job")?;
    let mut row = JobRow {
        id: id.unwrap_or_else(|| state.clock.id()),
        tenant_id: String::new(),
        title: read.required("title", |it| it.words("title", 200)),
        description: read.words("description", 20_000).unwrap_or_default(),
        questions: store::types::Json(json!(read.texts(
            "questions",
            MOST_QUESTIONS,
            LONGEST_QUESTION
        ))),
        flow: read.text("flow", 64, |text| match is_name(text) {
            true => Ok(text.to_owned()),
            false => Err("is not a flow's name"),
        }),
        language: read.language("language"),
        created_at: state.clock.now().into(),
    };
    read.done()?;
    row.tenant_id = tenant::owner(&state, &caller, named).await?;
    let mut tx = state.store.begin().await?;
    if let Some(name) = &row.flow {
        super::screening::screening_flow(&mut tx, &row.tenant_id, name, "flow").await?;
    }
    if !db::job_insert(&mut tx, &row).await? {
        let before = db::job_find(&mut tx, &row.id).await?;
        row.created_at = before.as_ref().map_or(row.created_at, |it| it.created_at);
        if before.as_ref() != Some(&row) {
            return Err(repeat::reused("job description"));
        }
    }
    tx.commit().await?;
    Ok(HttpResponse::Created().json(Created { id: row.id }))
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Job>>, ApiError> {
    let (shown, page) = wanted.of(caller)?;
    let rows = db::job_list(&mut state.store.read().await?, &shown).await?;
    Ok(Json(List::of(&page, rows, |row| {
        cursor(row.created_at.0, &row.id)
    })))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Job>, ApiError> {
    let row = find(&mut state.store.read().await?, &caller, &id)
        .await?
        .ok_or_else(|| missing("job description", "id"))?;
    Ok(Json(row.into()))
}

/// A job description that this caller may see.
pub(super) async fn find(
    tx: &mut Tx,
    caller: &Caller,
    id: &str,
) -> Result<Option<JobRow>, store::Error> {
    let row = db::job_find(tx, id).await?;
    Ok(row.filter(|row| caller.may_see(&row.tenant_id)))
}
