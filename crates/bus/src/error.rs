//! Why the bus did not do what it was asked.

use std::time::Duration;

/// Why an event was not published, or no reply came.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No queue takes events of this type: the role that should listen has never been started.
    #[error("no consumer is bound to {0}; start the role that handles it")]
    Unroutable(String),
    /// The broker cannot be reached, or has not confirmed in time. The event may or may not be stored:
    /// publish it again, consumers recognise its id.
    #[error("the bus is unavailable: {0}")]
    Unavailable(String),
    /// The event is stored and will be handled, but nobody replied in time.
    #[error("no reply within {0:?}")]
    NoReply(Duration),
    /// The reply's requester has gone.
    #[error("nobody waits for this reply any more")]
    ReplyAbandoned,
    /// The configuration cannot work.
    #[error("{0}")]
    Config(String),
    /// The embedded bus's journal on disk failed.
    #[error("the bus journal failed: {0}")]
    Journal(String),
    /// No dead letter has this id.
    #[error("no dead letter has the id {0}; `trunkline events dead list` shows those there are")]
    NoSuchDeadLetter(String),
}
