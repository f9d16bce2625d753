use std::time::Duration;

use chrono::{DateTime, Utc};
use clock::Time;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Why one attempt brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AttemptError {
    /// Saying it again will not help: the HTTP status.
    Refused(u16),
    /// The provider answered something that is no answer: an error page, broken JSON, the wrong schema, a refusal in words.
    /// It may answer better next time. That it answers at all is what its breaker wants to know.
    Invalid,
    /// It may work next time.
    Failed {
        why: &'static str,
        retry_after: Option<Duration>,
    },
    /// The provider was not even asked.
    Unasked {
        why: &'static str,
        retry_after: Option<Duration>,
    },
}

/// What an error says of [`AttemptError::Invalid`].
pub(crate) const INVALID: &str = "the answer cannot be used";
/// What it is called when the provider did not answer in time.
pub(crate) const LATE: &str = "no answer in time";

impl AttemptError {
    pub(crate) fn failed(why: &'static str) -> Self {
        Self::Failed {
            why,
            retry_after: None,
        }
    }

    /// The source's words are dropped: they hold the address and what serde saw.
    pub(crate) fn of_transport(error: &reqwest::Error) -> Self {
        Self::failed(if error.is_timeout() {
            LATE
        } else if error.is_connect() {
            "no connection"
        } else {
            "the connection broke off"
        })
    }

    /// What a status that is no success means. A redirect is refused: it would carry the key to another host.
    pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap, now: Time) -> Self {
        let why = match status.as_u16() {
            408 | 425 => LATE,
            429 => "too many requests",
            500.. => "an error of the server",
            refused => return Self::Refused(refused),
        };
        Self::Failed {
            why,
            retry_after: retry_after(headers, now),
        }
    }

    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Invalid => "invalid",
            Self::Failed { why: LATE, .. } => "late",
            Self::Failed { .. } => "failed",
            Self::Unasked { .. } => "unasked",
        }
    }
}

/// Seconds or an HTTP date (RFC 9110, section 10.2.3); a date that has passed is no wait.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(value)
        .ok()?
        .with_timezone(&Utc);
    Some((at - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_is_seconds_or_a_date() {
        let now = DateTime::from_timestamp(784_111_777, 0).unwrap();
        let wait = |value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }
}
