//! How a call went, as far as it is known.

use std::borrow::Cow;

use super::reason::MissedReason;

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A person of the business took the call.
    Answered,
    /// Nobody did.
    Missed,
    /// An app's call did not reach anybody, or nobody knows how the call went.
    Failed,
}

impl Outcome {
    /// The word in events and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Failed => "failed",
        }
    }
}

/// What is known of how a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is still going on.
    Open,
    /// It is over, and what came does not say how it went: look it up at Twilio.
    Unknown,
    /// It is over, and this is how it went.
    Settled {
        /// How.
        outcome: Outcome,
        /// Why, when it was missed or failed.
        reason: Cow<'static, str>,
    },
}

impl Verdict {
    pub(super) fn missed(reason: MissedReason) -> Self {
        Self::Settled {
            outcome: Outcome::Missed,
            reason: reason.as_str().into(),
        }
    }

    pub(super) fn answered() -> Self {
        Self::Settled {
            outcome: Outcome::Answered,
            reason: "".into(),
        }
    }

    /// A call that reached nobody, or of which nobody knows how it went.
    pub(super) fn failed(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Settled {
            outcome: Outcome::Failed,
            reason: reason.into(),
        }
    }
}
