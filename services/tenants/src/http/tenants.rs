//! `/api/tenants`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, Page, Query, Scope, idempotency_key};
use clock::Time;
use serde_json::Value;

use super::body::TenantStatusBody;
use super::view::{Id, TenantView, Tenants};
use super::{State, after};
use crate::app::change::Change;
use crate::app::document;
use crate::app::refusal::Refusal;
use crate::db::model::Tenant;
use crate::db::model::enums::is_name;
use crate::effects::expected::Expected;

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    page: Query<Page>,
) -> Result<Json<Tenants>, ApiError> {
    let (after, only) = (after(&page)?, caller.tenant.as_deref());
    let found = state
        .registry
        .tenants(after, only, page.limit() + 1)
        .await?;
    let (items, next_cursor) = page.of(found, |(tenant, _)| tenant.id.clone());
    let items = items
        .into_iter()
        .map(|it| TenantView::of(it, caller.may(Scope::Admin)))
        .collect();
    Ok(Json(Tenants { items, next_cursor }))
}

pub(super) async fn create(
    state: Data<State>,
    caller: Caller,
    request: HttpRequest,
    Body(body): Body<Value>,
) -> Result<HttpResponse, ApiError> {
    let document = document::tenant(&body, None).map_err(Refusal::Invalid)?;
    let is_marked = idempotency_key(&request)?.is_some();
    let bound = caller.tenant.as_deref();
    match state
        .registry
        .apply(&document, bound, Expected::Nothing)
        .await
    {
        Ok(_) => {}
        // The id names the tenant: a request that comes again finds all as it wants it.
        Err(Refusal::Conflict { code: "exists", .. })
            if is_marked && state.registry.holds(&document, bound).await? => {}
        Err(refusal) => return Err(refusal.into()),
    }
    let id = document
        .tenants
        .into_iter()
        .next()
        .map(|tenant| tenant.id)
        .unwrap_or_default();
    Ok(HttpResponse::Created().json(Id { id }))
}

pub(super) async fn get(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<TenantView>, ApiError> {
    let found = state.registry.tenant(own(&caller, &id)?).await?;
    Ok(Json(TenantView::of(found, caller.may(Scope::Admin))))
}

pub(super) async fn put(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    request: HttpRequest,
    Body(body): Body<Value>,
) -> Result<HttpResponse, ApiError> {
    let id = own(&caller, &id)?;
    let expected = expected(&request)?;
    let document = document::tenant(&body, Some(id)).map_err(Refusal::Invalid)?;
    let plan = state
        .registry
        .apply(&document, caller.tenant.as_deref(), expected)
        .await?;
    let is_new = |(change, _): &(Change, Tenant)| *change == Change::Created;
    let mut answer = match plan.tenants.iter().any(is_new) {
        true => HttpResponse::Created(),
        false => HttpResponse::Ok(),
    };
    Ok(answer.json(TenantView::of(state.registry.tenant(id).await?, true)))
}

pub(super) async fn set_status(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    Body(body): Body<TenantStatusBody>,
) -> Result<Json<TenantView>, ApiError> {
    let id = own(&caller, &id)?;
    if caller.tenant.is_some() {
        return Err(Refusal::Bound(
            "a tenant's status cannot be changed with a key that is bound to it",
        )
        .into());
    }
    state.registry.set_tenant_status(id, body.status).await?;
    Ok(Json(TenantView::of(state.registry.tenant(id).await?, true)))
}

/// The tenant that the client has seen, as `If-Match` says it: its `updated_at`. Unsaid: whatever it is.
fn expected(request: &HttpRequest) -> Result<Expected, ApiError> {
    let Some(value) = request.headers().get("If-Match") else {
        return Ok(Expected::Any);
    };
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    let time = text.parse::<Time>();
    time.map(Expected::Since)
        .map_err(|_| ApiError::invalid("If-Match", "must be the tenant's updated_at"))
}

/// The tenant of the path, where the caller may see it.
fn own<'a>(caller: &Caller, id: &'a str) -> Result<&'a str, ApiError> {
    match is_name(id) && caller.may_see(id) {
        true => Ok(id),
        false => Err(ApiError::not_found("tenant")),
    }
}
