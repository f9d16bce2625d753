//! The requests of this process that still wait for a reply.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use events::Envelope;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

/// Reply slots by correlation.
#[derive(Debug)]
pub(crate) struct Pending {
    /// Differs between processes and restarts, so that a late reply never meets a stranger's slot.
    nonce: String,
    next: AtomicU64,
    slots: Mutex<HashMap<String, oneshot::Sender<Envelope>>>,
    /// Nobody answers any more.
    given_up: AtomicBool,
}

/// One slot; dropping it gives the reply up.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) correlation: String,
    pub(crate) reply: oneshot::Receiver<Envelope>,
    pending: Arc<Pending>,
}

impl Pending {
    pub(crate) fn new() -> Arc<Self> {
        let nonce = format!("{:016x}", rand::random::<u64>());
        Arc::new(Self {
            nonce,
            next: AtomicU64::new(0),
            slots: Mutex::default(),
            given_up: AtomicBool::new(false),
        })
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(crate) fn open(self: &Arc<Self>) -> Slot {
        let correlation = format!(
            "{}-{}",
            self.nonce,
            self.next.fetch_add(1, Ordering::Relaxed)
        );
        let (sender, reply) = oneshot::channel();
        let mut slots = self.slots();
        if !self.given_up.load(Ordering::Relaxed) {
            slots.insert(correlation.clone(), sender);
        }
        drop(slots);
        Slot {
            correlation,
            reply,
            pending: self.clone(),
        }
    }

    /// Hands a reply to whoever waits; false when nobody does.
    pub(crate) fn answer(&self, correlation: &str, reply: Envelope) -> bool {
        let slot = self.slots().remove(correlation);
        slot.is_some_and(|slot| slot.send(reply).is_ok())
    }

    /// Gives up every reply that is waited for, now and later.
    pub(crate) fn give_up(&self) {
        // Under the lock: a slot that is opened meanwhile is either cleared or never kept.
        let mut slots = self.slots();
        self.given_up.store(true, Ordering::Relaxed);
        slots.clear();
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Envelope>>> {
        self.slots.lock()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.pending.slots().remove(&self.correlation);
    }
}
