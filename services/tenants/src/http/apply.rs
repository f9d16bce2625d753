//! `POST /api/apply`.

use actix_web::web::{Data, Json};
use api::{ApiError, Body, Caller};
use serde_json::Value;

use super::State;
use super::view::Applied;
use crate::app::document;
use crate::app::refusal::Refusal;
use crate::effects::expected::Expected;

pub(super) async fn apply(
    state: Data<State>,
    caller: Caller,
    Body(body): Body<Value>,
) -> Result<Json<Applied>, ApiError> {
    let bound = caller.tenant.as_deref();
    let document = document::document(&body, bound).map_err(Refusal::Invalid)?;
    let plan = state
        .registry
        .apply(&document, bound, Expected::Any)
        .await?;
    Ok(Json(Applied::of(&plan)))
}
