//! Looking at conversations, and saying who answers.

use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use role::Tx;
use role::http::{ApiError, Caller, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use crate::db::{self, Answering, Conversation, Filter, Message};

/// `?tenant=&limit=&cursor=`.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    tenant: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// A page of conversations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    items: Vec<Summary>,
    next_cursor: Option<String>,
}

/// A conversation without its messages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    #[serde(flatten)]
    head: Head,
    updated_at: DateTime<Utc>,
}

/// A conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    #[serde(flatten)]
    head: Head,
    messages: Vec<ShownMessage>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Head {
    id: String,
    tenant_id: String,
    customer: String,
    number: String,
    status: String,
    /// `ai` or `human`.
    answering: String,
    urgency: String,
    opted_out: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ShownMessage {
    id: String,
    /// `inbound` or `outbound`.
    direction: String,
    /// `customer`, `ai`, `human` or `system`.
    sender: String,
    body: String,
    media: Vec<ShownMedia>,
    status: String,
    sent_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ShownMedia {
    content_type: Option<String>,
    url: String,
}

/// Who answers from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Switched {
    id: String,
    answering: &'static str,
}

impl From<(Conversation, bool)> for Head {
    fn from((row, opted_out): (Conversation, bool)) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            customer: row.customer,
            number: row.number,
            status: row.status,
            answering: row.answering,
            urgency: row.urgency,
            opted_out,
        }
    }
}

impl From<Message> for ShownMessage {
    fn from(row: Message) -> Self {
        Self {
            id: row.id,
            direction: row.direction,
            sender: row.sender,
            body: row.body,
            media: row.media.read().unwrap_or_default(),
            status: row.status,
            sent_at: row.sent_at.map(|at| at.0),
        }
    }
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    wanted: Query<Wanted>,
) -> Result<Json<List>, ApiError> {
    let Wanted {
        tenant,
        limit,
        cursor,
    } = wanted.into_inner();
    if tenant
        .as_deref()
        .is_some_and(|tenant| !caller.may_see(tenant))
    {
        return Err(ApiError::not_found("tenant"));
    }
    let after = cursor.as_deref().map(place).transpose()?;
    let filter = Filter {
        tenant: tenant.or(caller.tenant),
        after,
    };
    let page = Page { limit, cursor };
    let rows = db::conversation_list(&mut state.store.read().await?, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |(row, _)| cursor_of(row));
    let items = rows.into_iter().map(|row| {
        let updated_at = row.0.updated_at.0;
        Summary {
            head: row.into(),
            updated_at,
        }
    });
    Ok(Json(List {
        items: items.collect(),
        next_cursor,
    }))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Shown>, ApiError> {
    let mut tx = state.store.read().await?;
    let thread = find(&mut tx, &caller, &id).await?;
    let messages = db::message_list(&mut tx, &id).await?;
    Ok(Json(Shown {
        head: thread.into(),
        messages: messages.into_iter().map(Into::into).collect(),
    }))
}

pub(super) async fn deactivate(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Switched>, ApiError> {
    switch(&state, &caller, &id, Answering::Human).await
}

pub(super) async fn activate(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Switched>, ApiError> {
    switch(&state, &caller, &id, Answering::Ai).await
}

async fn switch(
    state: &State,
    caller: &Caller,
    id: &str,
    answering: Answering,
) -> Result<Json<Switched>, ApiError> {
    find(&mut state.store.read().await?, caller, id).await?;
    let mut tx = state.store.begin().await?;
    db::conversation_answering(&mut tx, id, answering).await?;
    tx.commit().await?;
    Ok(Json(Switched {
        id: id.to_owned(),
        answering: answering.as_str(),
    }))
}

/// A conversation that this caller may see, and whether its customer has opted out.
pub(super) async fn find(
    tx: &mut Tx,
    caller: &Caller,
    id: &str,
) -> Result<(Conversation, bool), ApiError> {
    db::conversation_find(tx, id)
        .await?
        .filter(|(row, _)| caller.may_see(&row.tenant_id))
        .ok_or_else(|| ApiError::not_found("conversation"))
}

/// The place of a row in the list: the time of its latest news, then its id.
fn cursor_of(row: &Conversation) -> String {
    format!("{}-{}", row.updated_at.0.timestamp_micros(), row.id)
}

fn place(cursor: &str) -> Result<(DateTime<Utc>, String), ApiError> {
    cursor
        .split_once('-')
        .and_then(|(at, id)| {
            Some((
                DateTime::from_timestamp_micros(at.parse().ok()?)?,
                id.to_owned(),
            ))
        })
        .ok_or_else(|| ApiError::invalid("cursor", "send the next_cursor of the page before"))
}
