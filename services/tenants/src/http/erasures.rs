//! `/api/erasures/`: forgetting a person, and the receipt.

use std::collections::BTreeMap;

use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{Access, ApiError, Body, Caller, Method, Route, Scope, idempotency_key, shape};
use clock::{Clock, Time};
use events::Envelope;
use events::v1::PersonErase;
use phone::E164;
use role::{Relay, derive_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;

use crate::app::refusal::Refusal;
use crate::db::erasures::{self, ErasureRow, PartRow};
use crate::db::model::enums::is_name;
use crate::db::numbers;

/// What the handlers work with.
pub struct Erasures {
    /// The role's data.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// The time.
    pub clock: Clock,
}

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Post,
        "/api/erasures/",
        Access::Key(Scope::Write),
        "Forgets a person by number: every row, object and copy at Twilio; Idempotency-Key is honoured",
        || web::to(create),
    )
    .takes(shape::<New>)
    .gives(shape::<Begun>),
    Route::new(
        Method::Get,
        "/api/erasures/{id}",
        Access::Key(Scope::Read),
        "The receipt: what was removed, without a word of whose it was",
        || web::to(show),
    )
    .gives(shape::<Receipt>),
];

/// Who is to be forgotten.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// E.164.
    number: String,
    /// Of this tenant only; unsaid: the key's own, else every tenant's.
    tenant_id: Option<String>,
}

/// An erasure that was begun.
#[derive(Serialize, JsonSchema)]
struct Begun {
    /// Of the receipt.
    id: String,
    /// `pending`.
    status: &'static str,
}

/// What an erasure has removed.
#[derive(Serialize, JsonSchema)]
struct Receipt {
    id: String,
    /// Null: of every tenant.
    tenant_id: Option<String>,
    /// Stands for the person: the same for the same number, and no number can be found from it without the platform's key.
    subject: String,
    /// `pending` or `done`.
    status: &'static str,
    requested_by: String,
    requested_at: Time,
    completed_at: Option<Time>,
    /// What was removed, in all.
    counts: BTreeMap<String, u64>,
    parts: Vec<Part>,
}

/// What one role has removed, or one step of it.
#[derive(Serialize, JsonSchema)]
struct Part {
    part: String,
    /// `pending` or `done`.
    status: &'static str,
    counts: BTreeMap<String, u64>,
}

impl Receipt {
    fn of(row: ErasureRow, parts: Vec<PartRow>) -> Self {
        let mut counts = BTreeMap::new();
        for (what, count) in parts.iter().flat_map(PartRow::counts) {
            *counts.entry(what).or_default() += count;
        }
        let part = |row: PartRow| Part {
            counts: row.counts(),
            status: status(row.told_at.is_some()),
            part: row.part,
        };
        Self {
            id: row.id,
            tenant_id: Some(row.tenant_id).filter(|tenant| !tenant.is_empty()),
            subject: row.subject,
            status: status(row.completed_at.is_some()),
            requested_by: row.requested_by,
            requested_at: row.requested_at.0,
            completed_at: row.completed_at.map(|at| at.0),
            counts,
            parts: parts.into_iter().map(part).collect(),
        }
    }
}

fn status(done: bool) -> &'static str {
    if done { "done" } else { "pending" }
}

async fn create(
    state: Data<Erasures>,
    caller: Caller,
    request: HttpRequest,
    Body(body): Body<New>,
) -> Result<HttpResponse, ApiError> {
    let New { number, tenant_id } = body;
    let number = E164::parse(&number).map_err(|e| ApiError::invalid("number", e.to_string()))?;
    if tenant_id
        .as_deref()
        .is_some_and(|tenant| !is_name(tenant) || !caller.may_see(tenant))
    {
        return Err(Refusal::no_such_tenant().into());
    }
    let tenant_id = tenant_id
        .or_else(|| caller.tenant.clone())
        .unwrap_or_default();
    let mut tx = state.store.begin().await?;
    if numbers::live(&mut tx, number.as_str()).await?.is_some() {
        tx.rollback().await?;
        return Err(ApiError::conflict(
            "own_number",
            "this is a number of a business here, not of a person: every call of the business would go",
        ));
    }
    let key = idempotency_key(&request)?;
    let id = key.map(|key| derive_id(&["erasure", &caller.name, key, &tenant_id, number.as_str()]));
    let id = id.unwrap_or_else(|| state.clock.id());
    let command = PersonErase {
        receipt_id: id.clone(),
        tenant_id,
        number: number.as_str().to_owned(),
        candidate_id: String::new(),
        requested_by: caller.name,
    };
    let now = state.clock.now();
    let envelope = Envelope::at("trunkline/tenants", state.clock.id(), now, &command).key(&id);
    let leaving = vec![envelope];
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    let begun = Begun {
        id,
        status: "pending",
    };
    Ok(HttpResponse::Accepted().json(begun))
}

async fn show(
    state: Data<Erasures>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Receipt>, ApiError> {
    let mut tx = state.store.read().await?;
    let row = erasures::find(&mut tx, &id).await?;
    let may_see = |row: &ErasureRow| match caller.tenant {
        Some(_) => caller.may_see(&row.tenant_id),
        None => true,
    };
    let Some(row) = row.filter(may_see) else {
        return Err(ApiError::not_found("erasure"));
    };
    let parts = erasures::parts(&mut tx, &id).await?;
    Ok(Json(Receipt::of(row, parts)))
}
