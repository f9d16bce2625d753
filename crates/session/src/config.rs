//! What a session is told before it begins.

use std::time::Duration;

/// How a session behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How much audio may lie at the other side unplayed, in milliseconds.
    pub lead_ms: u64,
    /// How long speech must last before it interrupts what is being said, in milliseconds: a cough does not.
    pub barge_in_ms: u64,
    /// Whether words that come while a decision is awaited are asked about in its place. A script has taken its step by then; a
    /// conversation has not.
    pub supersede: bool,
    /// Whether frames of both sides are given out for recording.
    pub record: bool,
    /// The watchdogs.
    pub limits: Limits,
}

/// After how long a session is ended that does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From the socket's opening to its `start`.
    pub start: Duration,
    /// Between two frames.
    pub media: Duration,
    /// For the words of an utterance; then it counts as not understood.
    pub transcript: Duration,
    /// For a decision.
    pub decision: Duration,
    /// For the next piece of speech while the caller waits for it.
    pub speech: Duration,
    /// The longest call, in seconds on the line.
    pub call_s: u64,
    /// The least real time that silence takes: a line that runs faster than time leaves its caller as long to answer.
    pub silence: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lead_ms: 300,
            barge_in_ms: 300,
            supersede: false,
            record: false,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(10),
            media: Duration::from_secs(10),
            transcript: Duration::from_secs(10),
            decision: Duration::from_secs(10),
            speech: Duration::from_secs(10),
            call_s: 120,
            silence: Duration::from_secs(1),
        }
    }
}
