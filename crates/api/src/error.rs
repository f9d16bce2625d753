//! How a refusal looks: `{"error":{"code","message","details"}}`.

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};
use tracing::error;

/// A refusal or a failure of an API route.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Value,
    /// The methods that the path has, for the header `Allow`.
    allow: Option<String>,
    retry_after: Option<Duration>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: json!({}),
            allow: None,
            retry_after: None,
        }
    }

    /// 400: the request cannot be read.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 401: no key, or one that we do not know.
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// 403: the key is known and may not do this.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// 404: there is no such thing, or not for this key.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no such {what}"),
        )
    }

    /// 405: the path has other methods, these.
    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        let message = format!("this path takes {allow}; GET /api/openapi.json lists them all");
        Self {
            allow: Some(allow.to_owned()),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                message,
            )
        }
    }

    /// 409: it cannot be done in the state that things are in.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 413: more than we take.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 422: a field has a value that cannot be.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            format!("{field}: {message}"),
        );
        error.details = json!({ "field": field });
        error
    }

    /// 422 with every fault: its field, empty for the body as a whole, and what is wrong with it. The first is the message.
    pub fn invalid_fields<'a>(faults: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let name = |field: &'a str| if field.is_empty() { "body" } else { field };
        let faults = faults.into_iter().map(|(field, why)| (name(field), why));
        let faults: Vec<_> = faults.collect();
        let Some((field, why)) = faults.first() else {
            return Self::bad_request("the body cannot be used");
        };
        let more = match faults.len() {
            1 => String::new(),
            n => format!(" (and {} more: see details.errors)", n - 1),
        };
        let error = |(path, message): &(&str, &str)| json!({ "path": path, "message": message });
        let errors: Vec<_> = faults.iter().map(error).collect();
        Self::invalid(field, format!("{why}{more}"))
            .with_details(json!({ "field": field, "errors": errors }))
    }

    /// 429: too many. It may be tried again after a while.
    pub fn too_many(message: impl Into<String>, retry_after: Duration) -> Self {
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message);
        error.retry_after = Some(retry_after);
        error
    }

    /// 502: Twilio (or another service that we asked) refused or failed.
    pub fn upstream(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, code, message)
    }

    /// 503: a part of ours is away; trying again will help.
    pub fn unavailable(part: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            format!("{part} is unavailable; try again shortly"),
        )
    }

    /// Adds facts for a program.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        if let Some(after) = self.retry_after {
            // Whole seconds, and never 0: that would be an invitation.
            let seconds = after.as_millis().div_ceil(1_000).max(1);
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(json!({
            "error": { "code": self.code, "message": self.message, "details": self.details }
        }))
    }
}

impl From<store::Error> for ApiError {
    /// The caller learns that it is our fault, the log learns which.
    fn from(e: store::Error) -> Self {
        error!(error = %e, "a request failed at the database");
        Self::unavailable("the database")
    }
}

impl From<bus::Error> for ApiError {
    fn from(e: bus::Error) -> Self {
        error!(error = %e, "a request failed at the bus");
        Self::unavailable("the message bus")
    }
}
