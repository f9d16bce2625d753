//! Diagnostic lines for the timelines of calls: gathered for a moment and told in batches, best effort, off the path of calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use chrono::SecondsFormat;
use clock::{Clock, Time};
use events::Envelope;
use events::v1::{TimelineNote, TimelineNoted};
use metrics::counter;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// How long lines are gathered before they leave together.
const GATHERED: Duration = Duration::from_millis(250);
/// More than so many do not wait: what comes then is dropped and counted.
const MOST: usize = 1000;
/// So many travel in one event.
const BATCH: usize = 200;
/// How long the bus may take to have a batch.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longer facts are left out.
const LONGEST: usize = 16 * 1024;

/// A line that is about to be told.
#[derive(Debug, Clone)]
pub struct Note {
    tenant: String,
    note: TimelineNote,
}

impl Note {
    /// Of a role: what kind of thing (`webhook`, `effect`, `provider`) and which, with when it began.
    pub fn new(role: &str, kind: &str, what: impl Into<String>, began: Time) -> Self {
        Self {
            tenant: String::new(),
            note: TimelineNote {
                at: began.to_rfc3339_opts(SecondsFormat::Micros, true),
                role: role.to_owned(),
                kind: kind.to_owned(),
                what: what.into(),
                ..TimelineNote::default()
            },
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = tenant.into();
        self
    }

    /// The CallSid or MessageSid that it belongs to.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.note.key = key.into();
        self
    }

    /// How long it took.
    #[must_use]
    pub fn took(mut self, took: Duration) -> Self {
        self.note.took_ms = Some(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// The facts, a JSON object without numbers, texts or names of people.
    #[must_use]
    pub fn detail(mut self, detail: &Value) -> Self {
        let text = detail.to_string();
        self.note.detail = match text.len() <= LONGEST {
            true => text,
            false => json!({ "too_long": text.len() }).to_string(),
        };
        self
    }

    /// Of a webhook: whether its signature was right.
    #[must_use]
    pub fn verdict(mut self, verdict: &str) -> Self {
        verdict.clone_into(&mut self.note.verdict);
        self
    }

    /// Of a webhook whose tenant allows it: its parameters as they came, and for how many days they are kept.
    #[must_use]
    pub fn parameters(mut self, parameters: &Value, days: u32) -> Self {
        let text = parameters.to_string();
        if days > 0 && text.len() <= LONGEST {
            self.note.parameters = text;
            self.note.parameters_days = days;
        }
        self
    }
}

/// Where lines are gathered. Clones share it.
#[derive(Clone)]
pub struct Timeline(Arc<Inner>);

struct Inner {
    bus: Bus,
    clock: Clock,
    /// Whether an operator wants lines at all.
    is_on: bool,
    waiting: Mutex<Waiting>,
    /// Something waits.
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    notes: Vec<Note>,
    dropped: u32,
}

impl Timeline {
    /// Over this bus; [`Timeline::run`] sends.
    pub(crate) fn new(bus: Bus, clock: Clock, is_on: bool) -> Self {
        Self(Arc::new(Inner {
            bus,
            clock,
            is_on,
            waiting: Mutex::default(),
            wake: Notify::new(),
        }))
    }

    /// Whether lines are kept (`TRUNKLINE_TIMELINE_NOTES`); what is only gathered for one need not be gathered otherwise.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_on
    }

    /// Takes a line. It never waits: where there is no room the line is dropped and counted.
    pub fn note(&self, note: Note) {
        if !self.0.is_on {
            return;
        }
        let mut waiting = self.lock();
        if waiting.notes.len() >= MOST {
            waiting.dropped = waiting.dropped.saturating_add(1);
            counter!("timeline_notes_dropped_total").increment(1);
            return;
        }
        waiting.notes.push(note);
        let first = waiting.notes.len() == 1;
        drop(waiting);
        if first {
            self.0.wake.notify_one();
        }
    }

    /// Sends what is gathered until `stop`, and what is left then.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.0.wake.notified() => {}
                () = stop.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(GATHERED) => {}
                () = stop.cancelled() => break,
            }
            self.send().await;
        }
        self.send().await;
    }

    /// A batch for each tenant, so that a client that follows one tenant's events gets its lines only.
    async fn send(&self) {
        let Waiting { notes, dropped } = std::mem::take(&mut *self.lock());
        let mut by_tenant: BTreeMap<String, Vec<TimelineNote>> = BTreeMap::new();
        for it in notes {
            by_tenant.entry(it.tenant).or_default().push(it.note);
        }
        let mut dropped = dropped;
        for (tenant, notes) in by_tenant {
            for part in notes.chunks(BATCH) {
                let batch = TimelineNoted {
                    notes: part.to_vec(),
                    dropped: std::mem::take(&mut dropped),
                };
                self.publish(&tenant, &batch).await;
            }
        }
    }

    async fn publish(&self, tenant: &str, batch: &TimelineNoted) {
        let mut envelope = Envelope::new("trunkline/timeline", &self.0.clock, batch);
        envelope.tenant = Some(tenant.to_owned()).filter(|tenant| !tenant.is_empty());
        let sent = tokio::time::timeout(PATIENCE, self.0.bus.publish(&envelope)).await;
        if !matches!(sent, Ok(Ok(()))) {
            let lost = batch.notes.len();
            counter!("timeline_notes_dropped_total").increment(lost as u64);
            debug!(lost, "diagnostic lines are lost: the bus did not take them");
        }
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, Waiting> {
        self.0.waiting.lock()
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use bus::{Delivery, Disposition, Handler, Subscription};
    use events::Event;

    use super::*;

    struct Heard(Mutex<Vec<Envelope>>);

    #[async_trait]
    impl Handler for Heard {
        async fn handle(&self, delivery: Delivery) -> Disposition {
            self.0.lock().push(delivery.envelope);
            Disposition::Done
        }
    }

    #[tokio::test]
    async fn notes_travel_together_by_tenant_and_what_has_no_room_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let config = bus::Config::Embedded {
            dir: dir.path().to_owned(),
        };
        let bus = Bus::connect(&config).await.unwrap();
        let heard = Arc::new(Heard(Mutex::default()));
        let subscription = Subscription::new("test.notes", [TimelineNoted::TYPE]);
        let _consumer = bus.consume(subscription, heard.clone()).await.unwrap();
        let timeline = Timeline::new(bus, Clock::system(), true);
        let stop = CancellationToken::new();
        let running = tokio::spawn(timeline.clone().run(stop.clone()));
        let now = Clock::system().now();
        let note = |tenant: &str| Note::new("test", "effect", "call.place", now).tenant(tenant);
        for n in 0..MOST + 3 {
            timeline.note(note(if n == 0 { "jones" } else { "smith" }));
        }
        let batches = || {
            let heard = heard.0.lock();
            let read = |it: &Envelope| (it.tenant.clone(), it.decode::<TimelineNoted>().unwrap());
            heard.iter().map(read).collect::<Vec<_>>()
        };
        while batches()
            .iter()
            .map(|(_, it)| it.notes.len())
            .sum::<usize>()
            < MOST
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let told = batches();
        let dropped: u32 = told.iter().map(|(_, it)| it.dropped).sum();
        assert_eq!(dropped, 3);
        let jones = |it: &&(Option<String>, TimelineNoted)| it.0.as_deref() == Some("jones");
        assert_eq!(told.iter().filter(jones).count(), 1);
        assert!(told.iter().all(|(_, it)| it.notes.len() <= BATCH));
        stop.cancel();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn notes_that_nobody_wants_are_not_told() {
        let dir = tempfile::tempdir().unwrap();
        let config = bus::Config::Embedded {
            dir: dir.path().to_owned(),
        };
        let bus = Bus::connect(&config).await.unwrap();
        let heard = Arc::new(Heard(Mutex::default()));
        let subscription = Subscription::new("test.notes", [TimelineNoted::TYPE]);
        let _consumer = bus.consume(subscription, heard.clone()).await.unwrap();
        let now = Clock::system().now();
        let note = |what: &str| Note::new("test", "effect", what, now);
        let (off, on) = (
            Timeline::new(bus.clone(), Clock::system(), false),
            Timeline::new(bus.clone(), Clock::system(), true),
        );
        let stop = CancellationToken::new();
        stop.cancel();
        off.note(note("unwanted"));
        off.run(stop.clone()).await;
        // Told after the other one would have been.
        on.note(note("wanted"));
        on.run(stop).await;
        while heard.0.lock().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let heard = heard.0.lock();
        let told = heard[0].decode::<TimelineNoted>().unwrap();
        assert_eq!(heard.len(), 1);
        assert_eq!(told.notes[0].what, "wanted");
    }
}
