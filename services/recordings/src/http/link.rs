//! Making signed addresses.

use actix_web::web;
use api::{ApiError, Caller, OptionalBody};
use chrono::{DateTime, Duration, TimeZone, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limit::LONGEST;
use super::state::{State, Which, find, stored};

/// How long an address is valid that nobody has said more of.
const USUAL_S: u32 = 3600;

/// What is wished of an address.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Wish {
    /// For how many seconds it is valid: 1 to 604,800; 3,600 unless said.
    valid_s: Option<u32>,
}

/// An address.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Made {
    url: String,
    expires_at: DateTime<Utc>,
}

pub(super) async fn make(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
    OptionalBody(wish): OptionalBody<Wish>,
) -> Result<web::Json<Made>, ApiError> {
    let (call, row) = find(&state, Some(&caller), &which).await?;
    stored(&row)?;
    let wish = wish.unwrap_or_default();
    let valid = Duration::seconds(i64::from(wish.valid_s.unwrap_or(USUAL_S)));
    if valid < Duration::seconds(1) || valid > LONGEST {
        return Err(ApiError::invalid("valid_s", "must be from 1 to 604800"));
    }
    let expires_at = state.clock.now() + valid;
    let expires = expires_at.timestamp();
    let signature = state.links.sign(&row.id, expires);
    Ok(web::Json(Made {
        url: format!(
            "{}/calls/{}/recording/{}/signed?expires={expires}&signature={signature}",
            state.public_url, call.id, row.id
        ),
        expires_at: Utc.timestamp_opt(expires, 0).single().unwrap_or(expires_at),
    }))
}
