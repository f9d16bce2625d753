//! Where accepted events are shown to onlookers, and which kinds nobody wants to see just now.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::Envelope;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// How long no copies of a kind are made after one came back.
const PAUSE: Duration = Duration::from_millis(200);
/// Accepted events that wait to be shown to onlookers.
const SHOWN: usize = 4096;

/// Where accepted events are shown.
pub(super) struct Show {
    shown: mpsc::Sender<Arc<Envelope>>,
    /// The kinds that nobody wants to see, and until when that holds.
    unseen: Mutex<HashMap<String, Instant>>,
}

impl Show {
    pub(super) fn new() -> (Self, mpsc::Receiver<Arc<Envelope>>) {
        let (shown, showing) = mpsc::channel(SHOWN);
        let unseen = Mutex::default();
        (Self { shown, unseen }, showing)
    }

    /// Lets onlookers see an accepted event. They are not worth waiting for.
    pub(super) fn show(&self, event: &Envelope) {
        if self.is_unseen(&event.kind) {
            return;
        }
        // Onlookers have no say in it, and the broker takes the address of a reply from nobody but who asked.
        let copy = Envelope {
            reply_to: None,
            ..event.clone()
        };
        if self.shown.try_send(Arc::new(copy)).is_err() {
            metrics::counter!("bus_tap_dropped_total").increment(1);
        }
    }

    pub(super) fn is_unseen(&self, kind: &str) -> bool {
        let unseen = self.unseen.lock();
        unseen
            .get(kind)
            .is_some_and(|until| Instant::now() < *until)
    }

    pub(super) fn came_back(&self, kind: String, sent: Instant) {
        let mut unseen = self.unseen.lock();
        unseen.insert(kind, sent + PAUSE);
    }
}
