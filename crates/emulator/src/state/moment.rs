//! One line of a timeline.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Something that happened to a call or a message, for people who watch.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Counts up over all calls.
    pub seq: u64,
    /// When, in the emulator's time.
    pub at: DateTime<Utc>,
    /// The call or the message.
    pub sid: String,
    /// `status`, `twiml`, `heard`, `says` and `plays` (live calls), `pressed`, `said`, `leg`, `callback`, `error`, `script` and so on.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}
