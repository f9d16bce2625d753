//! The ledger, for operators.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Page, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use crate::db::effects::{self, Entry};

/// A page of the ledger.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Effects {
    items: Vec<Effect>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Effect {
    /// The message's or the number's id.
    id: String,
    /// The command.
    kind: String,
    tenant_id: String,
    account_sid: String,
    /// `started`, `unknown`, `waiting`, `done` or `refused`.
    state: String,
    /// Redacted.
    from: String,
    /// Redacted.
    to: String,
    attempts: i64,
    /// What Twilio made.
    sid: Option<String>,
    /// Twilio's first word on it.
    status: Option<String>,
    /// Twilio's code; 0 when there is none.
    code: i64,
    reason: Option<String>,
    /// Whether it was found at Twilio after a fault.
    reconciled: bool,
    /// Whether it was asked for again in doubt: it may have been done twice.
    repeated: bool,
    started_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

pub(super) async fn list(
    caller: Caller,
    page: Query<Page>,
    state: Data<State>,
) -> Result<Json<Effects>, ApiError> {
    // Every entry is a ULID.
    let is_ours =
        |cursor: &str| cursor.len() == 26 && cursor.bytes().all(|b| b.is_ascii_alphanumeric());
    if !page.cursor.as_deref().is_none_or(is_ours) {
        return Err(ApiError::invalid(
            "cursor",
            "send the next_cursor of the page before",
        ));
    }
    let mut tx = state.store.read().await?;
    let (tenant, before) = (caller.tenant.as_deref(), page.cursor.as_deref());
    let rows = effects::list(&mut tx, tenant, before, page.limit() + 1).await?;
    let (rows, next_cursor) = page.of(rows, |row| row.entry.clone());
    Ok(Json(Effects {
        items: rows.into_iter().map(effect).collect(),
        next_cursor,
    }))
}

fn effect(row: Entry) -> Effect {
    Effect {
        id: row.id,
        kind: row.kind,
        tenant_id: row.tenant_id,
        account_sid: row.account_sid,
        state: row.state,
        from: row.sender,
        to: row.recipient,
        attempts: row.attempts,
        sid: row.sid,
        status: row.status,
        code: row.code,
        reason: row.reason,
        reconciled: row.reconciled,
        repeated: row.repeated,
        started_at: row.started_at.0,
        settled_at: row.settled_at.map(|at| at.0),
    }
}
