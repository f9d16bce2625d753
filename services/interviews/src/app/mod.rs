//! The deciders: what happens in an interview, and what follows.

pub mod dial;
pub mod document;
pub mod erase;
pub mod evaluation;
pub mod flows;
pub mod follow;
pub mod locked_interview;
pub mod milestones;
pub mod questions;
pub mod recording;
pub mod recordings;
mod retry;
pub mod speech;
pub mod status;
pub mod streams;
pub mod turns;

use chrono::Duration;

/// What the deciders know of the platform beside the event and the row.
#[derive(Debug, Clone)]
pub struct Env {
    /// The public address, without a slash at its end. Twilio wants some URLs whole.
    pub public_url: String,
    /// Who speaks where nobody wishes for a voice. It is a part of every prompt's name: what one voice has spoken, the
    /// simulated one above all, is not played when there is another.
    pub speaker: String,
    /// How long things take.
    pub timings: Timings,
}

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// How long Twilio has to tell of a recording before it is looked for.
    pub recording: Duration,
    /// How long an answer may come after the end of its call.
    pub settle: Duration,
    /// How long the results may take after the end of the call; what is not there then will not be.
    pub results: Duration,
    /// How long after the longest possible call the silence about it counts as its failure.
    pub silence: Duration,
    /// How long a recording that Twilio does not have yet is asked for.
    pub patience: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            recording: Duration::seconds(10),
            settle: Duration::seconds(5),
            results: Duration::hours(1),
            silence: Duration::hours(1),
            patience: Duration::minutes(10),
        }
    }
}
