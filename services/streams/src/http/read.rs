//! What the streams of a call came to, and what requests to tools are signed with.

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::warn;

use super::{State, tenant};
use crate::db::{self, SessionRow};
use crate::live::Memory;

/// The streams of a call, the first one first: one, and one more for each drop.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Streams {
    items: Vec<Stream>,
    next_cursor: Option<String>,
}

/// A stream of a call.
#[derive(Debug, Serialize, JsonSchema)]
struct Stream {
    id: String,
    call_sid: String,
    tenant_id: String,
    /// `bot:NAME` or `assistant:NAME`.
    app: String,
    /// `media` or `relay`.
    engine: String,
    attempt: i64,
    /// `offered`, `live`, `ended`.
    status: String,
    /// Why it ended; empty before.
    reason: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    /// Who took over; null: nobody.
    transferred_to: Option<String>,
    /// Whether whoever was to take over has answered.
    taken: bool,
    /// Of an assistant, once it is over: `outcome`, `turns`, `messages`, and the model's `summary`, `came_to` and `facts` a moment
    /// later, or why there is none in `not_summarized`.
    result: Value,
    /// Whether its inputs are kept, so that it can be run again.
    inputs: bool,
    /// Of an assistant: what was said; of the assistant what was heard of it.
    said: Vec<Words>,
}

/// Something that was said.
#[derive(Debug, Serialize, JsonSchema)]
struct Words {
    /// `caller`, `assistant` or `tool`.
    who: String,
    text: String,
}

pub(super) async fn streams(
    state: web::Data<State>,
    caller: Caller,
    call: web::Path<String>,
    api::Query(page): api::Query<Page>,
) -> Result<web::Json<Streams>, ApiError> {
    let after = page.cursor.as_deref().map(attempt).transpose()?;
    let mut tx = state.teller.store.read().await?;
    let mut rows = db::sessions_of_call(&mut tx, &call).await?;
    rows.retain(|row| caller.may_see(&row.tenant_id));
    if rows.is_empty() {
        return Err(ApiError::not_found("call with a stream"));
    }
    // There are a few at most.
    rows.retain(|row| after.is_none_or(|after| row.attempt > after));
    let (rows, next_cursor) = page.of(rows, |row| row.attempt.to_string());
    Ok(web::Json(Streams {
        items: rows.into_iter().map(stream).collect(),
        next_cursor,
    }))
}

/// The stream that a page ended with.
fn attempt(cursor: &str) -> Result<i64, ApiError> {
    let attempt = cursor.parse();
    attempt.map_err(|_| ApiError::invalid("cursor", "send the next_cursor of the page before"))
}

fn stream(row: SessionRow) -> Stream {
    let time = |at: Option<store::types::Time>| at.map(|at| at.0.to_rfc3339());
    let words = Memory::of(&row.state).history.into_iter();
    Stream {
        app: row.named(),
        inputs: !row.inputs_key.is_empty(),
        result: serde_json::from_str(&row.result).unwrap_or_default(),
        said: words
            .map(|it| Words {
                who: it.who,
                text: it.text,
            })
            .collect(),
        taken: row.taken_at.is_some(),
        transferred_to: Some(row.target).filter(|target| !target.is_empty()),
        started_at: time(row.started_at),
        ended_at: time(row.ended_at),
        id: row.id,
        call_sid: row.call_sid,
        tenant_id: row.tenant_id,
        engine: row.engine,
        attempt: row.attempt,
        status: row.status,
        reason: row.reason,
    }
}

/// Whose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    /// The tenant. Unsaid: the key's own, else the only one.
    tenant: Option<String>,
}

/// What requests to a tenant's tools are signed with.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ToolSecret {
    tenant_id: String,
    /// `whsec_` and base64, for libraries of Standard Webhooks.
    secret: String,
}

pub(super) async fn tool_secret(
    state: web::Data<State>,
    caller: Caller,
    whose: api::Query<Whose>,
) -> Result<web::Json<ToolSecret>, ApiError> {
    let tenant = tenant::meant(&state, &caller, whose.into_inner().tenant).await?;
    Ok(web::Json(ToolSecret {
        secret: state.mind.secrets.of(&tenant),
        tenant_id: tenant,
    }))
}

/// What went into a stream of a call, as it was journaled.
pub(super) async fn inputs(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (call, part) = which.into_inner();
    let missing = || ApiError::not_found("stream of a call whose inputs are kept");
    let part: i64 = part.parse().map_err(|_| missing())?;
    let mut tx = state.teller.store.read().await?;
    let rows = db::sessions_of_call(&mut tx, &call).await?;
    drop(tx);
    let row = rows
        .into_iter()
        .find(|row| row.attempt == part && caller.may_see(&row.tenant_id))
        .filter(|row| !row.inputs_key.is_empty())
        .ok_or_else(missing)?;
    let object = state.objects.get(&row.inputs_key).await;
    let object = object.map_err(|error| {
        warn!(%error, "a call's inputs cannot be read");
        ApiError::unavailable("the object store")
    })?;
    let object = object.ok_or_else(missing)?;
    Ok(HttpResponse::Ok()
        .content_type(object.content_type)
        .body(object.bytes))
}
