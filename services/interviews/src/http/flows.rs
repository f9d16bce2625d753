//! `/api/flows/`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, Limit, Page, Query};
use chrono::{DateTime, Utc};
use clock::Time;
use events::Envelope;
use flow::{Definition, Flow as Kept};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::page::{List, Wanted, bad_cursor, may_see, tenant_of};
use super::read::{Reader, invalid};
use super::{State, missing, repeat, tenant};
use crate::app::flows::ahead;
use crate::db::{self, FlowRow, Put};

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
    /// `screener`, `coach`, `eligibility` or `conversation`.
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

/// Which version of a flow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Whose: that one's own before every tenant's.
    tenant: Option<String>,
    /// The latest unless said.
    version: Option<i64>,
}

/// Whose versions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhichVersions {
    /// Whose: that one's own before every tenant's.
    tenant: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// A version, without its definition.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Version {
    version: i64,
    kind: String,
    created_at: DateTime<Utc>,
}

impl From<(i64, String, Time)> for Version {
    fn from((version, kind, created_at): (i64, String, Time)) -> Self {
        Self {
            version,
            kind,
            created_at,
        }
    }
}

impl From<FlowRow> for Stored {
    fn from(row: FlowRow) -> Self {
        Self {
            id: row.name.clone(),
            name: row.name,
            version: row.version,
        }
    }
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
    Body(body): Body<Value>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let seen = seen(&request)?;
    let mut read = Reader::of(body)?;
    let named = read.tenant(&caller);
    let flow = Kept::read(&read.rest()?).map_err(|faults| invalid(&faults))?;
    let request = repeat::id_of(&request, &caller, "flow")?;
    let tenant = match named.is_some() || caller.tenant.is_some() {
        true => tenant::owner(&state, &caller, named).await?,
        false => String::new(),
    };
    let now = state.clock.now();
    let kept = store::types::Json(flow.to_value());
    let mut tx = state.store.begin().await?;
    if let Some(request) = &request
        && let Some(before) = db::flow_of_request(&mut tx, request).await?
    {
        let same = before.definition == kept && before.tenant_id == tenant;
        return match same {
            true => Ok(HttpResponse::Created().json(Stored::from(before))),
            false => Err(repeat::reused("flow")),
        };
    }
    let put = db::flow_put_over(
        &mut tx,
        (&tenant, flow.name()),
        flow.kind(),
        &kept,
        (now, seen),
        request.as_deref(),
    )
    .await?;
    let Put::Done(version, is_new) = put else {
        tx.rollback().await?;
        return Err(ApiError::conflict(
            "changed_meanwhile",
            "this flow has another latest version than the one that you changed; load it again and repeat your change",
        ));
    };
    let leaving = match &flow {
        Kept::Interview(definition) if is_new => spoken_ahead(&state, definition, now),
        _ => Vec::new(),
    };
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    let stored = Stored {
        id: flow.name().to_owned(),
        name: flow.name().to_owned(),
        version,
    };
    Ok(match is_new {
        true => HttpResponse::Created().json(stored),
        false => HttpResponse::Ok().json(stored),
    })
}

/// The latest version that the client has seen, as `If-Match` says it; 0: none. Unsaid: whatever it is.
fn seen(request: &HttpRequest) -> Result<Option<i64>, ApiError> {
    let Some(value) = request.headers().get("If-Match") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    let version = text.parse::<i64>().ok().filter(|it| *it >= 0);
    version
        .map(Some)
        .ok_or_else(|| ApiError::invalid("If-Match", "must be the number of a version, 0 for none"))
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
    Query(wanted): Query<Wanted>,
) -> Result<Json<List<Flow>>, ApiError> {
    let Wanted {
        tenant,
        limit,
        cursor,
    } = wanted;
    let tenant = tenant_of(caller, tenant)?;
    // No name of a tenant or flow has a slash in it.
    let after = match cursor.as_deref().map(|it| it.split_once('/')) {
        Some(None) => return Err(bad_cursor()),
        Some(Some((tenant, name))) => Some((tenant.to_owned(), name.to_owned())),
        None => None,
    };
    let page = Page { limit, cursor };
    let limit = page.limit();
    let mut tx = state.store.read().await?;
    let rows = db::flow_list(&mut tx, tenant.as_deref(), after.as_ref(), limit).await?;
    let cursor = |row: &FlowRow| format!("{}/{}", row.tenant_id, row.name);
    Ok(Json(List::of(&page, rows, cursor)))
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    name: Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Flow>, ApiError> {
    let Which { tenant, version } = which;
    if let Some(named) = &tenant {
        may_see(&caller, named)?;
    }
    let tenant = tenant::meant(&state, &caller, tenant)
        .await?
        .unwrap_or_default();
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

pub(super) async fn versions(
    state: Data<State>,
    caller: Caller,
    name: Path<String>,
    Query(which): Query<WhichVersions>,
) -> Result<Json<List<Version>>, ApiError> {
    let WhichVersions {
        tenant,
        limit,
        cursor,
    } = which;
    // A page ends with a version, and the next one begins with the one before that.
    let before = cursor.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| bad_cursor())?.unwrap_or(i64::MAX);
    if let Some(named) = &tenant {
        may_see(&caller, named)?;
    }
    let tenant = tenant::meant(&state, &caller, tenant)
        .await?
        .unwrap_or_default();
    let mut tx = state.store.read().await?;
    let latest = db::flow_latest(&mut tx, &tenant, &name)
        .await?
        .ok_or_else(|| missing("flow", "name"))?;
    let page = Page { limit, cursor };
    let of = (latest.tenant_id.as_str(), name.as_str());
    let rows = db::flow_versions(&mut tx, of, before, page.limit()).await?;
    Ok(Json(List::of(&page, rows, |row| row.0.to_string())))
}
