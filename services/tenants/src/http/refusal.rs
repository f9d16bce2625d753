//! How a refusal looks from outside.

use role::http::ApiError;
use serde_json::json;
use tracing::error;

use crate::app::refusal::{Fault, Refusal};

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(faults) => invalid(&faults),
            Refusal::NotFound(what) => Self::not_found(what),
            Refusal::Bound(why) => Self::forbidden(why),
            Refusal::Conflict { code, message } => Self::conflict(code, message),
            Refusal::Twilio { code, reason } => twilio(code, &reason),
            Refusal::Sealed(e) => {
                error!(error = %e, "a request failed at a stored credential");
                Self::unavailable("the credential store")
            }
            Refusal::Store(e) => e.into(),
        }
    }
}

/// All faults, each with its place.
fn invalid(faults: &[Fault]) -> ApiError {
    let name = |path: &str| {
        if path.is_empty() {
            "body".to_owned()
        } else {
            path.to_owned()
        }
    };
    let errors: Vec<_> = faults
        .iter()
        .map(|fault| json!({ "path": name(&fault.path), "message": fault.message }))
        .collect();
    let Some(first) = faults.first() else {
        return ApiError::bad_request("the body cannot be used");
    };
    let more = match faults.len() {
        1 => String::new(),
        n => format!(" (and {} more: see details.errors)", n - 1),
    };
    let (field, message) = (name(&first.path), format!("{}{more}", first.message));
    ApiError::invalid(&field, message).with_details(json!({ "field": field, "errors": errors }))
}

/// 422 when another request would help, 502 when Twilio or the way to it is at fault.
fn twilio(code: u32, reason: &str) -> ApiError {
    let reason = if reason.is_empty() {
        "no reason given"
    } else {
        reason
    };
    let message = format!("Twilio refused: {reason}");
    let error = match code {
        21_000..=22_999 => ApiError::invalid("number", message),
        _ => ApiError::upstream("twilio_refused", message),
    };
    error.with_details(json!({ "twilio_code": code, "reason": reason }))
}
