//! `POST /api/apply`.

use actix_web::web::{Data, Json};
use role::http::{ApiError, Caller};
use serde_json::Value;

use super::State;
use super::view::Applied;
use crate::app::document;
use crate::app::refusal::Refusal;

pub(super) async fn apply(
    state: Data<State>,
    caller: Caller,
    body: Json<Value>,
) -> Result<Json<Applied>, ApiError> {
    let document = document::document(&body).map_err(Refusal::Invalid)?;
    let plan = state
        .registry
        .apply(&document, caller.tenant.as_deref(), false)
        .await?;
    Ok(Json(Applied::of(&plan)))
}
