//! What tenants have spent, for operators.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Query};
use chrono::TimeDelta;
use clock::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use crate::db::spending::{self, Spent};
use crate::spend;

/// How far back it is shown.
const SHOWN: TimeDelta = TimeDelta::days(2);
/// The most rows; the latest come first.
const MOST: i64 = 500;

/// Of whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Of one tenant; unsaid: of all that the key sees.
    tenant: Option<String>,
    /// Only where a limit was reached.
    limited: Option<bool>,
}

/// What was spent in the last two days.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Spending {
    items: Vec<Period>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// An hour, or with `ai` a day.
#[derive(Debug, Serialize, JsonSchema)]
struct Period {
    tenant_id: String,
    /// `texts`, `calls`, `countries` or `ai`.
    kind: String,
    since: Time,
    until: Time,
    /// Texts or calls, or with `ai` millionths of a US dollar.
    amount: i64,
    /// How many were refused.
    refused: i64,
    /// The limit that was reached; null: none was.
    limit: Option<i64>,
    limited_at: Option<Time>,
}

pub(super) async fn list(
    caller: Caller,
    which: Query<Which>,
    state: Data<State>,
) -> Result<Json<Spending>, ApiError> {
    let tenant = match (&caller.tenant, &which.tenant) {
        (Some(own), Some(wanted)) if own != wanted => return Err(ApiError::not_found("tenant")),
        (Some(own), _) => Some(own.as_str()),
        (None, wanted) => wanted.as_deref(),
    };
    let since = state.clock.now() - SHOWN;
    let mut tx = state.store.read().await?;
    let limited = which.limited.unwrap_or_default();
    let rows = spending::list(&mut tx, tenant, limited, since, MOST).await?;
    Ok(Json(Spending {
        items: rows.into_iter().map(period).collect(),
        next_cursor: None,
    }))
}

fn period(row: Spent) -> Period {
    Period {
        until: spend::ends(&row),
        tenant_id: row.tenant_id,
        kind: row.kind,
        since: row.since.0,
        amount: row.amount,
        refused: row.refused,
        limit: row.most,
        limited_at: row.limited_at.map(|at| at.0),
    }
}
