//! Looking at conversations, and saying who answers.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use api::{ApiError, Body, Caller, Limit, Page, Query};
use chrono::{DateTime, Utc};
use role::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::shown::{Head, ShownBooking, ShownDraft, ShownEntry, ShownMessage};
use crate::app::{ahead, human, threads};
use crate::db::{self, Answering, Conversation, Filter, Status, Window};

/// How many entries are shown with a thread.
const ENTRIES: i64 = 100;

/// Which conversations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only `active`, `completed` or `abandoned` ones.
    status: Option<String>,
    /// Only those that the `ai` or a `human` answers.
    answering: Option<String>,
    /// Only `normal`, `urgent` or `emergency` ones.
    urgency: Option<String>,
    /// Only those with texts that nobody has read (`true`), or without (`false`).
    unread: Option<String>,
    /// Only those with these words, or digits of the customer's number.
    q: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// Which of a conversation's messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedMessages {
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Leads to the messages before those of the last page: its `next_cursor`.
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
}

/// A conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    #[serde(flatten)]
    head: Head,
    /// The latest, in the order they were written.
    messages: Vec<ShownMessage>,
    /// Leads to the messages before these.
    next_cursor: Option<String>,
    /// What happened beside the messages: calls, takeovers, emergencies, bookings.
    entries: Vec<ShownEntry>,
    appointments: Vec<ShownBooking>,
    /// Whether the business wants to hear nothing of the customer.
    blocked: bool,
    /// The AI's answer that waits until it is due; null: none is written.
    draft: Option<ShownDraft>,
}

/// Who answers from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Switched {
    id: String,
    answering: &'static str,
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    wanted: Query<Wanted>,
) -> Result<Json<List>, ApiError> {
    let Wanted {
        tenant,
        status,
        answering,
        urgency,
        unread,
        q,
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
        status: word("status", status, &["active", "completed", "abandoned"])?,
        answering: word("answering", answering, &["ai", "human"])?,
        urgency: word("urgency", urgency, &["normal", "urgent", "emergency"])?,
        unread: word("unread", unread, &["true", "false", "1", "0"])?
            .map(|it| matches!(it.as_str(), "true" | "1")),
        words: q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty()),
        after,
    };
    let page = Page { limit, cursor };
    let rows = db::conversation_list(&mut state.store.read().await?, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |(row, _)| cursor_of(row));
    let items = rows.into_iter().map(|row| Summary { head: row.into() });
    Ok(Json(List {
        items: items.collect(),
        next_cursor,
    }))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    wanted: Query<WantedMessages>,
) -> Result<Json<Shown>, ApiError> {
    let WantedMessages {
        limit,
        cursor: from,
    } = wanted.into_inner();
    let before = from.as_deref().map(place).transpose()?;
    let page = Page {
        limit,
        cursor: from,
    };
    let mut tx = state.store.read().await?;
    let thread = find(&mut tx, &caller, &id).await?;
    let window = Window {
        before,
        limit: page.limit() + 1,
    };
    let mut messages = db::message_list(&mut tx, &id, &window).await?;
    let more = messages.len() > usize::try_from(page.limit()).unwrap_or(usize::MAX);
    if more {
        messages.remove(0);
    }
    let first = messages.first().filter(|_| more);
    let next_cursor = first.map(|it| cursor(it.created_at.0, &it.id));
    let entries = db::entry_list(&mut tx, &id, ENTRIES).await?;
    let appointments = db::bookings_of(&mut tx, &id).await?;
    let (tenant, customer) = (&thread.0.tenant_id, &thread.0.customer);
    let blocked = db::is_blocked(&mut tx, tenant, customer).await?;
    let draft = ahead::Held::of(&thread.0);
    let draft = draft.and_then(|held| ShownDraft::of(held, &thread.0));
    Ok(Json(Shown {
        draft,
        head: thread.into(),
        messages: messages.into_iter().map(Into::into).collect(),
        next_cursor,
        entries: entries.into_iter().map(Into::into).collect(),
        appointments: appointments.into_iter().map(Into::into).collect(),
        blocked,
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
    let (thread, _) = find(&mut state.store.read().await?, caller, id).await?;
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let (thread, follow) = human::switch(&mut tx, now, &thread, answering).await?;
    state.conclude(tx, &state.clock.id(), follow).await?;
    Ok(Json(Switched {
        id: thread.id,
        answering: answering.as_str(),
    }))
}

pub(super) async fn block(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    set_block(&state, &caller, &id, true).await
}

pub(super) async fn unblock(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    set_block(&state, &caller, &id, false).await
}

async fn set_block(
    state: &State,
    caller: &Caller,
    id: &str,
    blocked: bool,
) -> Result<HttpResponse, ApiError> {
    let (thread, _) = find(&mut state.store.read().await?, caller, id).await?;
    let mut tx = state.store.begin().await?;
    threads::block(&mut tx, state.clock.now(), &thread, blocked).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn read(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (thread, _) = find(&mut state.store.read().await?, &caller, &id).await?;
    let mut tx = state.store.begin().await?;
    threads::mark_read(&mut tx, &thread).await?;
    tx.commit().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Where a thread stands from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatus {
    /// `active`, `completed` or `abandoned`.
    status: String,
}

pub(super) async fn close(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    Body(new): Body<NewStatus>,
) -> Result<Json<Summary>, ApiError> {
    let known = [Status::Active, Status::Completed, Status::Abandoned];
    let status = known.into_iter().find(|it| it.as_str() == new.status);
    let status = status
        .ok_or_else(|| ApiError::invalid("status", "is none of active, completed, abandoned"))?;
    let (thread, out) = find(&mut state.store.read().await?, &caller, &id).await?;
    let mut tx = state.store.begin().await?;
    let now = state.clock.now();
    let (thread, follow) = threads::set_status(&mut tx, now, &thread, status).await?;
    state.conclude(tx, &state.clock.id(), follow).await?;
    Ok(Json(Summary {
        head: (thread, out).into(),
    }))
}

/// One of a few words.
pub(super) fn word(
    field: &str,
    value: Option<String>,
    known: &[&str],
) -> Result<Option<String>, ApiError> {
    match value {
        Some(value) if !known.contains(&value.as_str()) => {
            let message = format!("is none of {}", known.join(", "));
            Err(ApiError::invalid(field, message))
        }
        value => Ok(value),
    }
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
    cursor(row.updated_at.0, &row.id)
}

/// The place of a row in any list of this role.
pub(super) fn cursor(at: DateTime<Utc>, id: &str) -> String {
    format!("{}-{id}", at.timestamp_micros())
}

pub(super) fn place(cursor: &str) -> Result<(DateTime<Utc>, String), ApiError> {
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
