//! Dead letters and queue depths, as people see them.

use clock::Time;
use events::Envelope;

/// An event that a queue gave up on. It stays until an operator replays it, and [`KEPT_DAYS`] at most.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    /// `event-id@queue`. An event that dies twice in one queue is one letter.
    pub id: String,
    /// The queue it died in, and goes back to.
    pub queue: String,
    /// Why, for people.
    pub reason: String,
    /// When it was given up.
    pub died_at: Time,
    /// How often it had been delivered.
    pub attempts: u32,
    /// The event.
    pub envelope: Envelope,
}

/// How long a dead letter stays when nobody replays it.
pub const KEPT_DAYS: u32 = 30;

/// The id of an event among the dead letters of a queue.
pub(crate) fn letter_id(event: &str, queue: &str) -> String {
    format!("{event}@{queue}")
}

/// How much a queue holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// The subscription's queue.
    pub queue: String,
    /// Events that wait for a consumer; those in hand and those that wait for a repeat are not counted.
    pub ready: u64,
    /// Its dead letters.
    pub dead: u64,
}
