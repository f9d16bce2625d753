//! Leads.

use actix_web::web::{Data, Json, Path};
use api::{ApiError, Body, Caller, Limit, Page, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::conversations::{cursor, place, word};
use crate::app::leads::{self, STATUSES};
use crate::db::{self, Lead, LeadFilter};

/// The longest note.
const NOTES: usize = 4000;

/// Which leads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only those that stand there: `new`, `qualified`, `appointment_scheduled`, `completed` or `lost`.
    status: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// A page of leads.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    items: Vec<Shown>,
    next_cursor: Option<String>,
}

/// A lead.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    id: String,
    tenant_id: String,
    conversation_id: String,
    customer: String,
    /// `new`, `qualified`, `appointment_scheduled`, `completed` or `lost`.
    status: String,
    value: Option<f64>,
    notes: String,
    name: String,
    address: String,
    job: String,
    preferred_time: String,
    urgency: String,
    appointment_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Where a lead stands.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// `new`, `qualified`, `appointment_scheduled`, `completed` or `lost`.
    status: String,
    /// What it is worth, in the business's currency; left as it is unless said.
    value: Option<f64>,
    /// Left as they are unless said.
    notes: Option<String>,
}

impl From<Lead> for Shown {
    fn from(row: Lead) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            conversation_id: row.conversation_id,
            customer: row.customer,
            status: row.status,
            value: row.value,
            notes: row.notes,
            name: row.name,
            address: row.address,
            job: row.job,
            preferred_time: row.preferred_time,
            urgency: row.urgency,
            appointment_at: row.appointment_at.map(|at| at.0),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
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
        status,
        limit,
        cursor: from,
    } = wanted.into_inner();
    if tenant
        .as_deref()
        .is_some_and(|tenant| !caller.may_see(tenant))
    {
        return Err(ApiError::not_found("tenant"));
    }
    let filter = LeadFilter {
        tenant: tenant.or(caller.tenant),
        status: word("status", status, STATUSES)?,
        after: from.as_deref().map(place).transpose()?,
    };
    let page = Page {
        limit,
        cursor: from,
    };
    let rows = db::lead_list(&mut state.store.read().await?, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |row| cursor(row.updated_at.0, &row.id));
    Ok(Json(List {
        items: rows.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Shown>, ApiError> {
    let found = db::lead_find(&mut state.store.read().await?, &id).await?;
    let found = found.filter(|lead| caller.may_see(&lead.tenant_id));
    Ok(Json(
        found.ok_or_else(|| ApiError::not_found("lead"))?.into(),
    ))
}

pub(super) async fn update(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    Body(update): Body<Update>,
) -> Result<Json<Shown>, ApiError> {
    let Update {
        status,
        value,
        notes,
    } = update;
    let status = word("status", Some(status), STATUSES)?.unwrap_or_default();
    if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
        return Err(ApiError::invalid(
            "value",
            "is no amount; send a number of 0 or more",
        ));
    }
    if notes
        .as_ref()
        .is_some_and(|notes| notes.chars().count() > NOTES)
    {
        let message = format!("are longer than {NOTES} characters");
        return Err(ApiError::invalid("notes", message));
    }
    let found = db::lead_find(&mut state.store.read().await?, &id).await?;
    let found = found.filter(|lead| caller.may_see(&lead.tenant_id));
    let lead = found.ok_or_else(|| ApiError::not_found("lead"))?;
    let mut tx = state.store.begin().await?;
    let lead = leads::update(&mut tx, state.clock.now(), &lead, &status, value, notes).await?;
    tx.commit().await?;
    Ok(Json(lead.into()))
}
