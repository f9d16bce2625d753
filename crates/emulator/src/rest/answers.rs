//! What the resources answer alike.

use crate::http::{Exchange, Reply};

/// The answer for a SID that is not there.
pub(super) fn missing(exchange: &Exchange) -> Reply {
    Reply::refused(
        404,
        20404,
        format!("The requested resource {} was not found", exchange.path),
    )
}

/// As Twilio formats a number of the North American plan for people; others stay as they are.
pub(super) fn formatted(number: &str) -> String {
    match number.strip_prefix("+1") {
        Some(digits) if digits.len() == 10 => {
            format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..])
        }
        _ => number.to_owned(),
    }
}
