use std::time::Duration;

use crate::Provider;

/// Why there is no answer. It never holds content, a key, or the words of a provider, which may quote both: it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody is configured for this kind of work: for speech, let Twilio's `<Say>` speak.
    #[error("no provider is configured for {what}")]
    NoProvider {
        /// `chat`, `transcribe` or `speak`.
        what: &'static str,
    },
    /// The time allowed was over before anybody had answered.
    #[error("no answer within {} ms, after {attempts} attempts", .within.as_millis())]
    Deadline {
        /// The time that was allowed.
        within: Duration,
        /// How often a provider was asked.
        attempts: u32,
    },
    /// Every provider said no, and will say no again: wrong key, unknown model, audio that cannot be read, text too long.
    #[error("{provider} refused (http {status})")]
    Refused {
        /// Who said so last.
        provider: Provider,
        /// The HTTP status, 4xx.
        status: u16,
    },
    /// It did not work, and may work later.
    #[error("{provider} failed: {why} ({attempts} attempts)")]
    Failed {
        /// Who failed last.
        provider: Provider,
        /// In a few fixed words.
        why: &'static str,
        /// How often a provider was asked.
        attempts: u32,
        /// When it makes sense to ask again: what the provider said, or when the breaker lets a request through.
        retry_after: Option<Duration>,
    },
}

impl Error {
    /// A word for events and metrics: `no_provider`, `deadline`, `provider_refused`, `provider_failed`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoProvider { .. } => "no_provider",
            Self::Deadline { .. } => "deadline",
            Self::Refused { .. } => "provider_refused",
            Self::Failed { .. } => "provider_failed",
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Deadline { .. } | Self::Failed { .. })
    }

    /// How long to wait before it makes sense to ask again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Why [`crate::Ai::new`] cannot work with its settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings of {provider} cannot be used: {why}")]
pub struct Setup {
    /// Whose settings.
    pub provider: Provider,
    /// In a few fixed words, without the value.
    pub why: &'static str,
}
