//! `/phone-numbers`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, Limit, Page, Query, idempotency_key};
use phone::E164;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::body::{NumberStatusBody, wanted};
use super::view::{Lookup, NumberView, Numbers, Provisioned};
use super::{State, after};
use crate::app::refusal::Refusal;
use crate::db::model::Number;
use crate::db::model::enums::{NumberStatus, is_name};

/// Which numbers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only this tenant's.
    tenant: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    which: Query<Which>,
) -> Result<Json<Numbers>, ApiError> {
    let (numbers, next_cursor) = page_of(&state, &caller, which.into_inner()).await?;
    let items = numbers.into_iter().map(NumberView::of).collect();
    Ok(Json(Numbers { items, next_cursor }))
}

/// A page of the numbers that a caller may see, and where the next one begins.
pub(super) async fn page_of(
    state: &State,
    caller: &Caller,
    which: Which,
) -> Result<(Vec<Number>, Option<String>), ApiError> {
    let Which {
        tenant,
        limit,
        cursor,
    } = which;
    let page = Page { limit, cursor };
    if tenant
        .as_deref()
        .is_some_and(|tenant| !is_name(tenant) || !caller.may_see(tenant))
    {
        return Err(ApiError::not_found("tenant"));
    }
    let only = tenant.as_deref().or(caller.tenant.as_deref());
    let found = state
        .registry
        .numbers(after(&page)?, only, page.limit() + 1)
        .await?;
    Ok(page.of(found, |number| number.id.clone()))
}

pub(super) async fn lookup(
    state: Data<State>,
    caller: Caller,
    number: Path<String>,
) -> Result<Json<Lookup>, ApiError> {
    let bare = number.trim();
    let text = if bare.starts_with('+') {
        bare.to_owned()
    } else {
        format!("+{bare}")
    };
    let number = E164::parse(&text).map_err(|e| ApiError::invalid("e164", e.to_string()))?;
    let (number, tenant) = state
        .registry
        .lookup(number.as_str(), caller.tenant.as_deref())
        .await?;
    Ok(Json(Lookup::of(number, tenant)))
}

pub(super) async fn provision(
    state: Data<State>,
    caller: Caller,
    request: HttpRequest,
    Body(body): Body<Value>,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(&request)?;
    let unnamed = match &caller.tenant {
        Some(own) => Some(own.clone()),
        None => state.registry.only_tenant().await?,
    };
    let wanted = wanted(&body, key, unnamed).map_err(Refusal::Invalid)?;
    if !caller.may_see(&wanted.tenant_id) {
        return Err(Refusal::no_such_tenant().into());
    }
    let number = state.provision.buy(&wanted).await?;
    Ok(match number.status {
        NumberStatus::Provisioning => {
            HttpResponse::Accepted().json(Provisioned::pending(number, "active"))
        }
        _ => HttpResponse::Created().json(Provisioned::of(number)),
    })
}

pub(super) async fn set_status(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    Body(body): Body<NumberStatusBody>,
) -> Result<Json<NumberView>, ApiError> {
    let bound = caller.tenant.as_deref();
    let number = state
        .registry
        .set_number_status(known(&id)?, body.status, bound)
        .await?;
    Ok(Json(NumberView::of(number)))
}

pub(super) async fn release(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let number = state
        .provision
        .release(known(&id)?, caller.tenant.as_deref())
        .await?;
    Ok(match number.status {
        NumberStatus::Released => HttpResponse::Ok().json(Provisioned::of(number)),
        _ => HttpResponse::Accepted().json(Provisioned::pending(number, "released")),
    })
}

pub(super) fn known(id: &str) -> Result<&str, ApiError> {
    if is_name(id) {
        Ok(id)
    } else {
        Err(ApiError::not_found("phone number"))
    }
}
