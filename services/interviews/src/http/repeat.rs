//! `Idempotency-Key`: a request that comes again makes nothing new.

use actix_web::HttpRequest;
use api::{ApiError, Caller, idempotency_key};
use role::derive_id;

/// The id of what a request makes, derived from its key; none: it has no key.
pub(super) fn id_of(
    request: &HttpRequest,
    caller: &Caller,
    what: &str,
) -> Result<Option<String>, ApiError> {
    let key = idempotency_key(request)?;
    Ok(key.map(|key| derive_id(&[what, &caller.name, key])))
}

/// The refusal of a key that has made something else.
pub(super) fn reused(what: &str) -> ApiError {
    ApiError::conflict(
        "idempotency_key_reused",
        format!("this Idempotency-Key has made another {what}; make a new one up"),
    )
}
