//! How patient the role is.

use std::time::Duration;

/// How patient the role is; a test is in more of a hurry.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How often a command is tried before it is given up and its asker told.
    pub attempts: u32,
    /// The waits between those.
    pub retry_delays: Vec<Duration>,
    /// The wait before a recording that is not there yet is asked for again; it doubles each time.
    pub recording: Duration,
    /// How long one delivery looks for a recording.
    pub looking: Duration,
    /// The wait between two looks for results of interviews that are gone.
    pub sweep: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            attempts: 3,
            retry_delays: bus_delays(),
            recording: Duration::from_millis(500),
            looking: Duration::from_secs(4),
            sweep: Duration::from_secs(24 * 3_600),
        }
    }
}

/// Short ones: a caller is on the phone. What has not worked by then is told as not done.
fn bus_delays() -> Vec<Duration> {
    [1, 5, 15].map(Duration::from_secs).to_vec()
}
