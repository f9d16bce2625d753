//! Requests that may come again.

use actix_web::HttpRequest;

use crate::ApiError;

/// The header by which a client marks the repeats of one request.
const HEADER: &str = "Idempotency-Key";

/// The mark of a request, if it has one. Two requests with the same are one.
///
/// # Errors
/// When it is empty, longer than 255 characters or holds more than visible ones.
pub fn idempotency_key(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let Some(value) = request.headers().get(HEADER) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()))
        .map(Some)
        .ok_or_else(|| ApiError::invalid(HEADER, "send 1 to 255 visible characters"))
}
