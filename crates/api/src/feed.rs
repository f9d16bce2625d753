//! What has passed on the bus lately, for readers of `/events` whose connection broke: they name the last event that they
//! had, and go on after it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{Tap, Tapped};
use events::Envelope;
use parking_lot::Mutex;
use tokio::runtime::Handle;

/// As many events are kept,
const KEPT: usize = 2048;
/// of readers who were there until so long ago.
const LINGERS: Duration = Duration::from_secs(60);
/// More readers than these are not followed once they have gone.
const LINGERING: usize = 64;

/// The latest events that anybody looked at in this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Inner>);

#[derive(Default)]
struct Inner {
    events: Mutex<VecDeque<Arc<Envelope>>>,
    lingering: AtomicUsize,
}

/// What a reader who comes back has missed.
pub(crate) enum Missed {
    /// These, the oldest first.
    Events(VecDeque<Arc<Envelope>>),
    /// Nobody knows.
    Unknown,
}

impl Recent {
    fn keep(&self, event: &Arc<Envelope>) {
        let mut events = self.0.events.lock();
        // Several readers see the same event at about the same time.
        if events.iter().rev().take(256).any(|it| it.id == event.id) {
            return;
        }
        if events.len() >= KEPT {
            events.pop_front();
        }
        events.push_back(event.clone());
    }

    /// Something passed that nobody saw: what stands before it leads nowhere.
    fn forget(&self) {
        let mut events = self.0.events.lock();
        events.clear();
    }

    /// What passed after an event.
    pub(crate) fn after(&self, id: &str) -> Missed {
        let events = self.0.events.lock();
        match events.iter().rposition(|it| it.id == id) {
            Some(at) => Missed::Events(events.iter().skip(at + 1).cloned().collect()),
            None => Missed::Unknown,
        }
    }
}

/// A reader: what it missed first, then what passes.
pub(crate) struct Reader {
    tap: Option<Tap>,
    recent: Recent,
    missed: VecDeque<Arc<Envelope>>,
    /// What it missed may pass a second time.
    given: HashSet<String>,
}

/// What a reader gets.
pub(crate) enum Passed {
    /// An event.
    Event(Arc<Envelope>),
    /// So many were lost.
    Lost(u64),
}

impl Reader {
    pub(crate) fn new(tap: Tap, recent: Recent, missed: VecDeque<Arc<Envelope>>) -> Self {
        let given = missed.iter().map(|event| event.id.clone()).collect();
        Self {
            tap: Some(tap),
            recent,
            missed,
            given,
        }
    }

    /// The next; none when the bus has closed.
    pub(crate) async fn next(&mut self) -> Option<Passed> {
        if let Some(event) = self.missed.pop_front() {
            return Some(Passed::Event(event));
        }
        let tap = self.tap.as_mut()?;
        loop {
            match tap.next().await? {
                Tapped::Missed(count) => {
                    self.recent.forget();
                    return Some(Passed::Lost(count));
                }
                Tapped::Event(event) => {
                    let event = Arc::new(event);
                    self.recent.keep(&event);
                    if !self.given.remove(&event.id) {
                        return Some(Passed::Event(event));
                    }
                }
            }
        }
    }
}

impl Drop for Reader {
    /// The connection is gone and may come back: what passes meanwhile is kept for a while.
    fn drop(&mut self) {
        let (Some(tap), Ok(runtime)) = (self.tap.take(), Handle::try_current()) else {
            return;
        };
        let recent = self.recent.clone();
        if recent.0.lingering.fetch_add(1, Ordering::Relaxed) >= LINGERING {
            recent.0.lingering.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        runtime.spawn(async move {
            let _ = tokio::time::timeout(LINGERS, linger(tap, &recent)).await;
            recent.0.lingering.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn linger(mut tap: Tap, recent: &Recent) {
    while let Some(passed) = tap.next().await {
        match passed {
            Tapped::Event(event) => recent.keep(&Arc::new(event)),
            Tapped::Missed(_) => recent.forget(),
        }
    }
}
