//! The evidence of opt-outs, for export.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Limit, Page, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::conversations::{cursor, place};
use crate::db::{self, EvidenceFilter, OptOutEvidence};

/// Which evidence.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only this customer's: E.164.
    customer: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// A page of evidence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    items: Vec<Shown>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Shown {
    id: String,
    tenant_id: String,
    customer: String,
    number: String,
    /// `STOP` or `START`.
    wish: String,
    message_sid: String,
    body: String,
    /// `words`: our rules; `twilio`: its `OptOutType`.
    source: String,
    at: DateTime<Utc>,
}

impl From<OptOutEvidence> for Shown {
    fn from(row: OptOutEvidence) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            customer: row.customer,
            number: row.number,
            wish: row.wish,
            message_sid: row.message_sid,
            body: row.body,
            source: row.source,
            at: row.at.0,
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
        customer,
        limit,
        cursor: from,
    } = wanted.into_inner();
    if tenant
        .as_deref()
        .is_some_and(|tenant| !caller.may_see(tenant))
    {
        return Err(ApiError::not_found("tenant"));
    }
    let filter = EvidenceFilter {
        tenant: tenant.or(caller.tenant),
        customer,
        after: from.as_deref().map(place).transpose()?,
    };
    let page = Page {
        limit,
        cursor: from,
    };
    let rows = db::evidence_list(&mut state.store.read().await?, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |row| cursor(row.at.0, &row.id));
    Ok(Json(List {
        items: rows.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}
