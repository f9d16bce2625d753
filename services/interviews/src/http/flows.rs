//! `/api/flows/`.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use chrono::{DateTime, Utc};
use clock::Time;
use events::Envelope;
use flow::Definition;
use role::http::{ApiError, Caller, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::page::{List, Wanted, bad_cursor, tenant_of};
use super::read::{Reader, invalid};
use super::{State, missing};
use crate::app::flows::ahead;
use crate::db::{self, FlowRow};

/// A flow to be: a definition, and whose it is.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read field by field")]
pub(super) struct New {
    /// Unsaid: the key's own; with a key of all tenants every tenant's.
    tenant_id: Option<String>,
    #[serde(flatten)]
    definition: Definition,
}

/// A version of a flow.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Flow {
    /// The name.
    id: String,
    /// Null: every tenant's.
    tenant_id: Option<String>,
    name: String,
    version: i64,
    /// `screener`, `coach` or `eligibility`.
    kind: String,
    /// With everything that was left out.
    definition: Value,
    created_at: DateTime<Utc>,
}

/// A version that was stored, or was there.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Stored {
    /// The name.
    id: String,
    name: String,
    version: i64,
}

/// `?tenant=&version=`.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    tenant: Option<String>,
    version: Option<i64>,
}

impl From<FlowRow> for Flow {
    fn from(row: FlowRow) -> Self {
        Self {
            id: row.name.clone(),
            tenant_id: Some(row.tenant_id).filter(|tenant| !tenant.is_empty()),
            name: row.name,
            version: row.version,
            kind: row.kind,
            definition: row.definition.0,
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
    let tenant = read.tenant_or_every(&caller);
    let definition = Definition::read(&read.rest()?).map_err(|faults| invalid(&faults))?;
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let (version, is_new) = db::flow_put(
        &mut tx,
        (&tenant, &definition.name),
        definition.kind.as_str(),
        &store::types::Json(definition.to_value()),
        now,
    )
    .await?;
    let leaving = match is_new {
        true => spoken_ahead(&state, &definition, now),
        false => Vec::new(),
    };
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    let stored = Stored {
        id: definition.name.clone(),
        name: definition.name,
        version,
    };
    Ok(match is_new {
        true => HttpResponse::Created().json(stored),
        false => HttpResponse::Ok().json(stored),
    })
}

/// The orders to speak what every interview of the flow says, before the first.
fn spoken_ahead(state: &State, definition: &Definition, now: Time) -> Vec<Envelope> {
    let orders = ahead(definition, &state.speaker).into_iter();
    orders
        .map(|order| Envelope::at("trunkline/interviews", state.clock.id(), now, &order))
        .collect()
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    wanted: Query<Wanted>,
) -> Result<Json<List<Flow>>, ApiError> {
    let Wanted {
        tenant,
        limit,
        cursor,
    } = wanted.into_inner();
    let tenant = tenant_of(caller, tenant)?;
    // No name of a tenant or flow has a slash in it.
    let after = match cursor.as_deref().map(|it| it.split_once('/')) {
        Some(None) => return Err(bad_cursor()),
        Some(Some((tenant, name))) => Some((tenant.to_owned(), name.to_owned())),
        None => None,
    };
    let page = Page { limit, cursor };
    let mut tx = state.store.read().await?;
    let rows = db::flow_list(&mut tx, tenant.as_deref(), after.as_ref(), page.limit()).await?;
    let cursor = |row: &FlowRow| format!("{}/{}", row.tenant_id, row.name);
    Ok(Json(List::of(&page, rows, cursor)))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    name: Path<String>,
    which: Query<Which>,
) -> Result<Json<Flow>, ApiError> {
    let Which { tenant, version } = which.into_inner();
    let tenant = tenant_of(caller, tenant)?.unwrap_or_default();
    let mut tx = state.store.read().await?;
    let latest = db::flow_latest(&mut tx, &tenant, &name)
        .await?
        .ok_or_else(|| missing("flow", "name"))?;
    let row = match version {
        Some(version) => db::flow_version(&mut tx, &latest.tenant_id, &name, version)
            .await?
            .ok_or_else(|| missing("version", "version"))?,
        None => latest,
    };
    Ok(Json(row.into()))
}
