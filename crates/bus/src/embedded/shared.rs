//! What the writer, the consumers and the callers share.

use std::sync::{Arc, mpsc};

use events::Envelope;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};

use super::command::{Answer, Command};
use super::journal::Fate;
use super::queue::Queues;
use super::told::Told;
use crate::Error;
use crate::tap::TapSender;

/// What the writer, the consumers and the callers share.
pub(super) struct Shared {
    queues: Mutex<Queues>,
    pub(super) taps: Mutex<Vec<TapSender>>,
    pub(super) commands: mpsc::Sender<Command>,
    told: Arc<Told>,
    /// A delivery was delayed; the timer looks again.
    pub(super) delayed: Notify,
}

impl Shared {
    pub(super) fn new(queues: Queues, commands: mpsc::Sender<Command>, told: Arc<Told>) -> Self {
        Self {
            queues: Mutex::new(queues),
            taps: Mutex::default(),
            commands,
            told,
            delayed: Notify::new(),
        }
    }

    pub(super) fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock()
    }

    pub(super) async fn ask<T>(
        &self,
        command: impl FnOnce(Answer<T>) -> Command,
    ) -> Result<T, Error> {
        let (done, answer) = oneshot::channel();
        self.commands.send(command(done)).map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Journals a fate when it suits.
    pub(super) fn tell(&self, seq: i64, fate: Fate) {
        if self.told.add(seq, fate) {
            // After close there is nobody to tell; the delivery will be repeated.
            let _ = self.commands.send(Command::Settle);
        }
    }

    /// Shows an accepted event to the onlookers.
    pub(super) fn show(&self, event: &Arc<Envelope>) {
        let mut taps = self.taps.lock();
        if taps.is_empty() {
            return;
        }
        taps.retain(|tap| !tap.is_closed());
        taps.iter()
            .filter(|tap| tap.wants(&event.kind))
            .for_each(|tap| tap.offer(event.clone()));
    }
}

pub(super) fn closed() -> Error {
    Error::Unavailable("this bus is closed".to_owned())
}
