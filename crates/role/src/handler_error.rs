//! Why an event was not handled, and what becomes of its delivery.

use std::time::Duration;

use bus::Disposition;

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It did not work this time, and the event itself may be why: delivered again later, a few times.
    #[error("{0}")]
    Retry(String),
    /// Something outside is away or busy: the event waits for its end, however long, and no attempt is counted.
    #[error("{reason}")]
    Unavailable {
        /// What is away, for people.
        reason: String,
        /// When to try again, where the other side says so; else soon, then every ten seconds.
        retry_after: Option<Duration>,
    },
    /// The event can never be handled; it goes to the dead letters with this reason.
    #[error("{0}")]
    Reject(String),
    /// The database failed; delivered again later.
    #[error("database: {0}")]
    Store(#[from] store::Error),
    /// The bus failed; delivered again later.
    #[error("bus: {0}")]
    Bus(#[from] bus::Error),
}

impl HandlerError {
    /// Something outside is away, and does not say for how long.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// How a delivery ends that was not handled.
    pub(crate) fn disposition(self, attempt: u32) -> Disposition {
        let reason = self.to_string();
        let soon = Duration::from_secs(if attempt <= 3 { 1 } else { 10 });
        match self {
            Self::Reject(_) => Disposition::Dead(reason),
            Self::Unavailable { retry_after, .. } => Disposition::Wait {
                reason,
                after: retry_after.unwrap_or(soon),
            },
            Self::Store(error) if error.is_unavailable() => Disposition::Wait {
                reason,
                after: soon,
            },
            Self::Bus(bus::Error::Unavailable(_) | bus::Error::Journal(_)) => Disposition::Wait {
                reason,
                after: soon,
            },
            Self::Retry(_) | Self::Store(_) | Self::Bus(_) => Disposition::Retry(reason),
        }
    }
}
