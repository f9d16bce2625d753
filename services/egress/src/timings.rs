//! The waits of this role.

use std::time::Duration;

/// The waits of this role. Tests use shorter ones than the default.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long after an attempt of unknown outcome Twilio is looked at first, and then again and again.
    pub look_after: Duration,
    /// How long an effect of unknown outcome is looked for before it is repeated. Twilio's list is eventually consistent, and its callback
    /// may be late.
    pub doubt: Duration,
    /// How long an attempt holds its effect. Longer than looking for the effect and asking for it take together.
    pub lease: Duration,
    /// The waits before repeats.
    pub retry_delays: Vec<Duration>,
    /// The interval between two messages from one number, and between two calls of one account; a burst makes up for what was not
    /// used within a second. Of more calls than its account may place, one a second by default, Twilio makes a queue of
    /// its own.
    pub pace: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            look_after: Duration::from_secs(2),
            doubt: Duration::from_secs(60),
            lease: Duration::from_secs(40),
            retry_delays: bus::RETRY_DELAYS.to_vec(),
            pace: Duration::from_millis(100),
        }
    }
}
