//! Webhooks as they came, for operators.

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller, Limit, Page, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::State;
use crate::db::{self, NoteFilter, NoteRow};

/// The words for a verdict.
const VERDICTS: [&str; 4] = ["valid", "refused", "unreadable", "not_checked"];

/// The query of a list of webhooks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookQuery {
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only `valid`, `refused`, `unreadable` or `not_checked`.
    verdict: Option<String>,
    /// Only of this CallSid or MessageSid.
    key: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// A webhook.
#[derive(Debug, Serialize, JsonSchema)]
struct Webhook {
    id: String,
    at: DateTime<Utc>,
    /// Null: nobody's that is known.
    tenant_id: Option<String>,
    /// The CallSid or MessageSid that it is about; null: none is known.
    key: Option<String>,
    path: String,
    /// `valid`, `refused`, `unreadable` (its signature could not be checked) or `not_checked` (no account was known yet).
    verdict: String,
    took_ms: Option<i64>,
    /// `{reason, explanation, parameters: [names], outcome, http_status, error_code, event, xml}`, as far as there is one.
    detail: Value,
    /// As they came, where the tenant's `retention.webhook_parameters_days` allows it; else null.
    parameters: Option<Value>,
}

/// A page of webhooks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Webhooks {
    items: Vec<Webhook>,
    next_cursor: Option<String>,
}

/// `GET /calls/webhooks`: the newest first.
pub async fn list(
    state: web::Data<State>,
    caller: Caller,
    query: Query<WebhookQuery>,
) -> Result<HttpResponse, ApiError> {
    let query = query.into_inner();
    let tenant = caller.only_tenant(query.tenant.as_deref())?;
    let verdict = query.verdict;
    if verdict.as_deref().is_some_and(|it| !VERDICTS.contains(&it)) {
        return Err(ApiError::invalid(
            "verdict",
            "must be valid, refused, unreadable or not_checked",
        ));
    }
    let page = Page {
        limit: query.limit,
        cursor: query.cursor,
    };
    let mut tx = state.store.read().await?;
    let after = match &page.cursor {
        Some(id) => {
            let last = db::note_find(&mut tx, id).await?;
            let last = last.filter(|row| may_see(&caller, row)).ok_or_else(|| {
                ApiError::invalid("cursor", "send the next_cursor of the page before")
            })?;
            Some((last.at.0, last.id))
        }
        None => None,
    };
    let filter = NoteFilter {
        tenant,
        verdict,
        key: query.key,
        after,
    };
    let rows = db::webhook_list(&mut tx, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |row| row.id.clone());
    let items = rows.into_iter().map(webhook).collect();
    Ok(HttpResponse::Ok().json(Webhooks { items, next_cursor }))
}

/// What belongs to nobody that is known is shown to whoever sees all tenants.
fn may_see(caller: &Caller, row: &NoteRow) -> bool {
    match row.tenant_id.as_str() {
        "" => caller.tenant.is_none(),
        tenant => caller.may_see(tenant),
    }
}

fn webhook(row: NoteRow) -> Webhook {
    let some = |text: String| Some(text).filter(|it| !it.is_empty());
    Webhook {
        id: row.id,
        at: row.at.0,
        tenant_id: some(row.tenant_id),
        key: some(row.key),
        path: row.what,
        verdict: row.verdict,
        took_ms: row.took_ms,
        detail: row.detail.0,
        parameters: serde_json::from_str(&row.parameters).ok(),
    }
}
