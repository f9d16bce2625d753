//! Fates of deliveries that nobody waits for.

use parking_lot::Mutex;

use super::journal::Fate;

/// Fates that the journal is told when it suits. Most deliveries are settled moments after they have started: what is told
/// together is written together, and of a delivery only its last.
#[derive(Default)]
pub(super) struct Told(Mutex<Vec<(i64, Fate)>>);

impl Told {
    /// Adds one. Whether it is the first since they were taken.
    pub(super) fn add(&self, seq: i64, fate: Fate) -> bool {
        let mut told = self.0.lock();
        told.push((seq, fate));
        told.len() == 1
    }

    /// Takes all, in the order in which they were told.
    pub(super) fn take(&self) -> Vec<(i64, Fate)> {
        std::mem::take(&mut *self.0.lock())
    }
}
