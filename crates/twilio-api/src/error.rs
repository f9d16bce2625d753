use std::fmt;
use std::time::Duration;

/// Why a request to Twilio failed, and with it what is known about its effect.
///
/// Neither `Display` nor `Debug` carries Twilio's message: it quotes phone numbers. Read the field where it is needed.
#[derive(thiserror::Error)]
pub enum Error {
    /// The client was set up with something that cannot work; nothing was sent.
    #[error("the twilio client cannot be used: {0}")]
    Setup(&'static str),
    /// Twilio understood the request and said no. Nothing was done.
    #[error("twilio refused the request with code {code} (http {status})")]
    Refused {
        /// The HTTP status, 4xx.
        status: u16,
        /// Twilio's error code, 0 when the body carried none (a proxy's answer, for example).
        code: u32,
        /// Twilio's words. They quote phone numbers: not for logs.
        message: String,
        /// How long Twilio asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// 429, code 20429: over the concurrency limit. The request was not processed.
    #[error("twilio is over its limit for this account (http 429)")]
    Busy {
        /// How long Twilio asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// No answer, or a 5xx. Whether it was done is not known, unless the connection was never made:
    /// see [`Error::surely_not_done`].
    #[error("twilio could not be reached or failed ({})", match .status { Some(status) => format!("http {status}"), None => "no answer".to_owned() })]
    Unavailable {
        /// The HTTP status, if there was an answer.
        status: Option<u16>,
        /// Whether the request can have left this machine.
        sent: bool,
        /// How long Twilio asks to wait, if it does.
        retry_after: Option<Duration>,
        /// What went wrong below HTTP.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// Twilio answered success with a body that cannot be read. The request was probably done.
    #[error("twilio's answer cannot be read: {what}")]
    Garbled {
        /// What was being read.
        what: &'static str,
        /// Why it cannot be read.
        #[source]
        source: Option<serde_json::Error>,
    },
}

impl Error {
    /// True when it is certain that the request had no effect, so that doing it again cannot do it twice.
    pub fn surely_not_done(&self) -> bool {
        match self {
            Self::Setup(_) | Self::Refused { .. } | Self::Busy { .. } => true,
            Self::Unavailable { sent, .. } => !sent,
            Self::Garbled { .. } => false,
        }
    }

    /// True when the same request may succeed later. Says nothing about the first one's effect.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Unavailable { .. })
    }

    /// Twilio's error code, where it gave one.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused { code, .. } if *code != 0 => Some(*code),
            Self::Busy { .. } => Some(code::TOO_MANY_REQUESTS),
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Busy { .. } => Some(429),
            Self::Unavailable { status, .. } => *status,
            Self::Setup(_) | Self::Garbled { .. } => None,
        }
    }

    /// How long Twilio asks to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. }
            | Self::Busy { retry_after }
            | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The recipient has opted out of messages from this number: never retry.
    pub fn is_opted_out(&self) -> bool {
        self.code() == Some(code::OPTED_OUT)
    }

    /// The resource does not exist (any more).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    pub(crate) fn from_transport(error: reqwest::Error) -> Self {
        let sent = !(error.is_connect() || error.is_builder());
        Self::Unavailable {
            status: None,
            sent,
            retry_after: None,
            source: Some(error.without_url()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "twilio_api::Error({self})")?;
        match std::error::Error::source(self) {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

/// The error codes that callers act on. Twilio's documentation lists them at `docs/api/errors`.
pub mod code {
    /// Wrong credentials.
    pub const AUTHENTICATION: u32 = 20003;
    /// No such resource.
    pub const NOT_FOUND: u32 = 20404;
    /// Over the concurrency limit; not processed.
    pub const TOO_MANY_REQUESTS: u32 = 20429;
    /// `To` is not a phone number.
    pub const INVALID_TO: u32 = 21211;
    /// The call is not in progress, so it cannot be changed.
    pub const CALL_NOT_IN_PROGRESS: u32 = 21220;
    /// `From` cannot send messages.
    pub const FROM_NOT_CAPABLE: u32 = 21606;
    /// The recipient sent STOP.
    pub const OPTED_OUT: u32 = 21610;
    /// `To` cannot receive messages.
    pub const TO_NOT_CAPABLE: u32 = 21614;
    /// The body is longer than 1600 characters.
    pub const BODY_TOO_LONG: u32 = 21617;
}
