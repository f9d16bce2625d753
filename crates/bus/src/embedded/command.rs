//! What the writer is asked.

use std::sync::Arc;

use events::Envelope;
use tokio::sync::oneshot;

use super::journal::{DeadRow, Fate};
use crate::Error;
use crate::transport::May;

pub(super) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// An event and the queues that take it.
pub(super) type Routed = (Arc<Envelope>, Arc<[usize]>);

/// What the writer is asked.
pub(super) enum Command {
    /// Store each event for its queues, then make it ready there.
    Store {
        events: Vec<Routed>,
        done: Answer<()>,
    },
    Declare {
        queue: usize,
        name: String,
        patterns: Vec<String>,
        done: Answer<()>,
    },
    /// A delivery's fate that its consumer needs on disk.
    Fate {
        seq: i64,
        fate: Fate,
        done: Answer<()>,
    },
    /// Fates have been told that may wait a little ([`super::told::Told`]).
    Settle,
    Fetch {
        queue: usize,
    },
    DeadLetters {
        limit: usize,
        done: Answer<Vec<DeadRow>>,
    },
    DeadCounts {
        done: Answer<Vec<(i64, i64)>>,
    },
    /// Puts a dead letter back if its event may go.
    Replay {
        id: String,
        may: May,
        done: Answer<()>,
    },
    Clear {
        done: Answer<()>,
    },
    /// Write everything and end.
    Close {
        done: oneshot::Sender<()>,
    },
    /// End as a crash would: what is not committed is forgotten.
    #[cfg(test)]
    Crash {
        done: oneshot::Sender<()>,
    },
}
