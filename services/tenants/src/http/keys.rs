//! `/api/keys`.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use api::{ApiError, Body, Caller, Page, Query};
use serde_json::Value;

use super::view::{KeyView, Keys, NewKey};
use super::{State, after};
use crate::app::document::{self, Document};
use crate::app::refusal::Refusal;
use crate::db::model::enums::is_name;

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    page: Query<Page>,
) -> Result<Json<Keys>, ApiError> {
    let (after, only) = (after(&page)?, caller.tenant.as_deref());
    let found = state.registry.keys(after, only, page.limit() + 1).await?;
    let (items, next_cursor) = page.of(found, |key| key.id.clone());
    let items = items.into_iter().map(KeyView::of).collect();
    Ok(Json(Keys { items, next_cursor }))
}

pub(super) async fn create(
    state: Data<State>,
    caller: Caller,
    Body(body): Body<Value>,
) -> Result<HttpResponse, ApiError> {
    let bound = caller.tenant.as_deref();
    let key = document::key(&body, bound).map_err(Refusal::Invalid)?;
    let document = Document {
        keys: vec![key],
        ..Document::default()
    };
    let plan = state.registry.make_key(&document, bound).await?;
    let new = NewKey::of(&plan, &document).ok_or_else(|| ApiError::unavailable("the key store"))?;
    Ok(HttpResponse::Created().json(new))
}

pub(super) async fn withdraw(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    if !is_name(&id) {
        return Err(ApiError::not_found("key"));
    }
    state
        .registry
        .withdraw_key(&id, caller.tenant.as_deref())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
