//! How a refusal looks from outside.

use api::ApiError;
use serde_json::json;
use tracing::error;

use crate::app::refusal::Refusal;

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(faults) => {
                Self::invalid_fields(faults.iter().map(|it| (&*it.path, &*it.message)))
            }
            Refusal::NotFound(what) => Self::not_found(what),
            Refusal::Bound(why) => Self::forbidden(why),
            Refusal::Conflict { code, message } => Self::conflict(code, message),
            Refusal::Twilio { code, reason } => twilio(code, &reason),
            Refusal::Sealed(e) => {
                error!(error = %e, "a request failed at a stored credential");
                Self::unavailable("the credential store")
            }
            Refusal::Store(e) => e.into(),
            Refusal::Away(part) => Self::unavailable(part),
        }
    }
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
