//! Live views: a bounded buffer that drops and counts, so that a slow onlooker holds nobody up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use events::Envelope;
use tokio::sync::{Notify, mpsc};

use crate::topic;

/// How many events an onlooker may be behind before it loses some.
const BUFFER: usize = 1024;

/// What a tap yields.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are events")]
pub enum Tapped {
    /// An event passed by.
    Event(Envelope),
    /// At least this many events were lost, because the reader was slow or the connection to the
    /// broker was. Whoever keeps a cache from a tap must empty it now.
    Missed(u64),
}

/// A live view of the events that match some patterns. It ends when it is dropped or the bus closes.
#[derive(Debug)]
pub struct Tap {
    events: mpsc::Receiver<Arc<Envelope>>,
    missed: Arc<Missed>,
}

#[derive(Debug, Default)]
struct Missed {
    count: AtomicU64,
    changed: Notify,
}

/// The bus's end of a [`Tap`].
#[derive(Debug)]
pub(crate) struct TapSender {
    patterns: Vec<String>,
    events: mpsc::Sender<Arc<Envelope>>,
    missed: Arc<Missed>,
}

pub(crate) fn tap(patterns: &[&str]) -> (TapSender, Tap) {
    let (sender, events) = mpsc::channel(BUFFER);
    let missed = Arc::new(Missed::default());
    let patterns = patterns.iter().map(|p| (*p).to_owned()).collect();
    let sender = TapSender {
        patterns,
        events: sender,
        missed: missed.clone(),
    };
    (sender, Tap { events, missed })
}

impl Tap {
    /// How far the reader is behind: the events that wait for it, and those that were lost since it last read.
    pub fn behind(&self) -> u64 {
        self.events.len() as u64 + self.missed.count.load(Ordering::Relaxed)
    }

    /// The next event or loss; `None` when the bus has closed.
    pub async fn next(&mut self) -> Option<Tapped> {
        loop {
            let missed = self.missed.count.swap(0, Ordering::Relaxed);
            if missed > 0 {
                return Some(Tapped::Missed(missed));
            }
            tokio::select! {
                event = self.events.recv() => {
                    return event.map(|event| Tapped::Event(Arc::unwrap_or_clone(event)));
                }
                () = self.missed.changed.notified() => {}
            }
        }
    }
}

impl TapSender {
    pub(crate) fn patterns(&self) -> &[String] {
        &self.patterns
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.patterns
            .iter()
            .any(|pattern| topic::matches(pattern, kind))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }

    /// Resolves when the onlooker has gone.
    pub(crate) async fn closed(&self) {
        self.events.closed().await;
    }

    pub(crate) fn offer(&self, event: Arc<Envelope>) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.events.try_send(event) {
            self.lost(1);
        }
    }

    /// Tells the onlooker that it missed events.
    pub(crate) fn lost(&self, count: u64) {
        self.missed.count.fetch_add(count, Ordering::Relaxed);
        self.missed.changed.notify_one();
    }
}
