//! What recordings decides. Nothing here does I/O but its transaction, and the time comes from the event.

pub mod calls;
pub mod check;
pub mod compare;
pub mod erase;
pub mod expire;
pub mod fetched;
pub mod gaps;
pub mod parts;
pub mod removal;
pub mod row;
pub mod status;
pub mod storage;
pub mod tracks;
pub mod transcript;

use chrono::Duration;

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long after a call's end Twilio is asked for a recording that nobody has told of.
    pub check: Duration,
    /// How long a recording waits for its call.
    pub adopt: Duration,
    /// How long Twilio is asked for a file that it does not have.
    pub patience: Duration,
    /// The first wait for a file that is not there; it doubles each time, up to a minute.
    pub first_wait: std::time::Duration,
    /// How often it is looked whether the time of a recording is over.
    pub sweep: std::time::Duration,
    /// How long tenants may take to say what it wants by now.
    pub answer: std::time::Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            check: Duration::minutes(15),
            adopt: Duration::minutes(10),
            patience: Duration::hours(24),
            first_wait: std::time::Duration::from_millis(500),
            sweep: std::time::Duration::from_secs(60),
            answer: std::time::Duration::from_secs(2),
        }
    }
}
