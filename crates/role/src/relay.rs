//! The way from the outbox to the bus.
//!
//! Events of a committed transaction come through a channel and leave within milliseconds; the table is read only for
//! timers that fall due and for what a process left behind when it died. A row is deleted some time after the bus
//! has confirmed its event, so an event may leave twice, never not at all.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use chrono::TimeDelta;
use clock::{Clock, Time};
use events::Envelope;
use metrics::{counter, gauge};
use store::{Store, inbox, outbox};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::outage::Outage;

/// How long a process has for publishing what it took, before another may take it.
const LEASE: TimeDelta = TimeDelta::seconds(5);
/// The longest that the table is left alone.
const POLL: Duration = Duration::from_secs(2);
/// How long a handled event is remembered. Longer than any delivery can be late.
const MEMORY: TimeDelta = TimeDelta::days(7);
const BATCH: usize = 128;
/// The time from one batch to the next. What comes after a quiet moment leaves at once; under load a message, a confirm and
/// four changes of threads for each event would be a good part of what its decision costs, so a few leave together.
const PACE: Duration = Duration::from_millis(5);
/// How long the rows of published events stay, and how many at most. They are deleted together: a transaction for
/// each would cost as much as the one that made it. Well within the lease, or they would leave again.
const KEPT: Duration = Duration::from_millis(250);
const KEPT_AT_MOST: usize = 512;

/// Until when events that are about to leave are ours.
pub(crate) fn lease(now: Time) -> Time {
    now + LEASE
}

/// Publishes the events of a role's outbox. Clones share it.
#[derive(Clone)]
pub struct Relay {
    queue: mpsc::UnboundedSender<Envelope>,
    wake: Arc<Wake>,
}

#[derive(Default)]
struct Wake {
    at: parking_lot::Mutex<Option<Time>>,
    notify: Notify,
}

impl Relay {
    /// Starts the relay of one store.
    pub(crate) fn start(
        store: Store,
        bus: Bus,
        clock: Clock,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, rows) = mpsc::unbounded_channel();
        let wake = Arc::new(Wake::default());
        let worker = Worker {
            store,
            bus,
            clock,
            wake: wake.clone(),
            rows,
            confirmed: Confirmed::default(),
            next_batch: Instant::now(),
            database: Outage::new("the outbox cannot be read"),
            bus_away: Outage::new("events stay in the outbox: they cannot be published"),
            backoff: None,
        };
        (Self { queue, wake }, tokio::spawn(worker.run(stop)))
    }

    /// Wakes it for a timer that was just committed.
    pub(crate) fn wake_at(&self, due: Time) {
        let mut at = self.wake.at.lock();
        if at.is_none_or(|earlier| due < earlier) {
            *at = Some(due);
            self.wake.notify.notify_one();
        }
    }

    /// Puts events into a transaction of a handler's own; [`Relay::leave`] lets them go after its commit.
    pub async fn put(
        &self,
        tx: &mut store::Tx,
        now: Time,
        envelopes: &[Envelope],
    ) -> Result<(), store::Error> {
        let rows: Vec<_> = envelopes
            .iter()
            .map(|envelope| outbox::Row {
                id: envelope.id.clone(),
                due_at: lease(now).into(),
                envelope: envelope.to_bytes(),
            })
            .collect();
        outbox::put(tx, &rows).await
    }

    /// Lets the events of a committed transaction leave; their rows are leased.
    pub fn leave(&self, envelopes: Vec<Envelope>) {
        for envelope in envelopes {
            // After the stop it is not taken; its row waits for the next start.
            let _ = self.queue.send(envelope);
        }
    }
}

struct Worker {
    store: Store,
    bus: Bus,
    clock: Clock,
    wake: Arc<Wake>,
    rows: mpsc::UnboundedReceiver<Envelope>,
    confirmed: Confirmed,
    /// When the next batch may leave.
    next_batch: Instant,
    database: Outage,
    bus_away: Outage,
    /// How long the table is left alone because the database is away.
    backoff: Option<Duration>,
}

/// What the bus has confirmed and the table still holds.
#[derive(Default)]
struct Confirmed {
    ids: Vec<String>,
    /// When the first of them was confirmed.
    since: Option<Instant>,
}

impl Confirmed {
    fn add(&mut self, ids: Vec<String>) {
        if !ids.is_empty() {
            self.since.get_or_insert_with(Instant::now);
            self.ids.extend(ids);
        }
    }

    /// Resolves when it is time to delete them.
    async fn due(&self) {
        match self.since {
            Some(_) if self.ids.len() >= KEPT_AT_MOST => {}
            Some(since) => tokio::time::sleep_until(since + KEPT).await,
            None => std::future::pending().await,
        }
    }
}

impl Worker {
    async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = self.store.ready() => {}
            () = stop.cancelled() => return,
        }
        // SQLite has no second process: whatever is leased was leased by the one that died.
        let head_start = if self.store.engine() == "sqlite" {
            LEASE
        } else {
            TimeDelta::zero()
        };
        self.look(self.clock.now() + head_start).await;
        let mut cleaned = None;
        loop {
            self.clean(&mut cleaned).await;
            let nap = tokio::time::sleep(self.nap());
            tokio::pin!(nap);
            loop {
                let mut batch = Vec::new();
                let (rows, next_batch) = (&mut self.rows, self.next_batch);
                let taking = async {
                    if next_batch > Instant::now() {
                        tokio::time::sleep_until(next_batch).await;
                    }
                    rows.recv_many(&mut batch, BATCH).await
                };
                tokio::select! {
                    () = self.confirmed.due() => self.delete_confirmed().await,
                    taken = taking => {
                        if taken == 0 { return }
                        self.next_batch = Instant::now() + PACE;
                        self.publish(batch).await;
                    }
                    () = self.wake.notify.notified(), if self.backoff.is_none() => break,
                    () = &mut nap => break,
                    () = stop.cancelled() => return self.drain().await,
                }
            }
            self.look(self.clock.now()).await;
        }
    }

    async fn drain(&mut self) {
        self.rows.close();
        let mut batch = Vec::new();
        while self.rows.recv_many(&mut batch, BATCH).await > 0 {
            self.publish(std::mem::take(&mut batch)).await;
        }
        self.delete_confirmed().await;
    }

    async fn look(&mut self, now: Time) {
        self.backoff = match self.sweep(now).await {
            Ok(()) => {
                self.database.recovered();
                None
            }
            // What is overdue stays so: without a wait this would ask as fast as it can.
            Err(e) => Some(self.database.failed(&e)),
        };
    }

    fn nap(&self) -> Duration {
        if let Some(backoff) = self.backoff {
            return backoff;
        }
        let at = *self.wake.at.lock();
        at.map_or(POLL, |due| {
            // What fell due in the meantime is looked for at once.
            let until = (due - self.clock.now()).to_std().unwrap_or_default();
            until.clamp(Duration::from_millis(5), POLL)
        })
    }

    async fn sweep(&mut self, now: Time) -> Result<(), store::Error> {
        loop {
            let mut read = self.store.read().await?;
            let next = outbox::next_due(&mut read).await?;
            drop(read);
            *self.wake.at.lock() = next;
            if next.is_none_or(|due| due > now) {
                return Ok(());
            }
            let mut tx = self.store.begin().await?;
            let rows = outbox::claim(&mut tx, now, lease(self.clock.now()), 128).await?;
            tx.commit().await?;
            if rows.is_empty() {
                return Ok(());
            }
            counter!("role_outbox_swept_total").increment(rows.len() as u64);
            let envelopes = rows.iter().filter_map(|row| match Envelope::from_bytes(&row.envelope) {
                Ok(envelope) => Some(envelope),
                Err(e) => {
                    error!(event.id = row.id, error = %e, "an outbox row cannot be read and is kept");
                    None
                }
            });
            let all_left = self.publish(envelopes.collect()).await;
            // At once: by the time that this looks by, what it took may be due again.
            self.delete_confirmed().await;
            if !all_left {
                return Ok(());
            }
        }
    }

    /// Whether all left.
    async fn publish(&mut self, envelopes: Vec<Envelope>) -> bool {
        let results = self.bus.publish_all(&envelopes).await;
        let mut confirmed = Vec::with_capacity(envelopes.len());
        let (mut waiting, mut away) = (0_u32, None);
        for (envelope, result) in envelopes.iter().zip(results) {
            match result {
                Ok(()) => confirmed.push(envelope.id.clone()),
                Err(e) => {
                    waiting += 1;
                    if matches!(e, bus::Error::Unavailable(_) | bus::Error::Journal(_)) {
                        away = Some(e);
                    } else {
                        warn!(event.id = envelope.id, event.kind = envelope.kind, error = %e,
                            "an event stays in the outbox for now");
                    }
                }
            }
        }
        match away {
            // The lease of the rows is the wait.
            Some(e) => {
                let _ = self.bus_away.failed(&e);
            }
            None if waiting == 0 && !confirmed.is_empty() => self.bus_away.recovered(),
            None => {}
        }
        gauge!("role_outbox_waiting").set(waiting);
        self.confirmed.add(confirmed);
        waiting == 0
    }

    async fn delete_confirmed(&mut self) {
        let Confirmed { ids, .. } = std::mem::take(&mut self.confirmed);
        if ids.is_empty() {
            return;
        }
        let deleted = async {
            let mut tx = self.store.begin().await?;
            outbox::done(&mut tx, &ids).await?;
            tx.commit().await
        };
        // What stays is published again.
        if let Err::<(), store::Error>(e) = deleted.await {
            let _ = self.database.failed(&e);
        }
    }

    async fn clean(&self, last: &mut Option<Time>) {
        let now = self.clock.now();
        if last.is_some_and(|at| now - at < TimeDelta::hours(1)) {
            return;
        }
        *last = Some(now);
        let result = async {
            let mut tx = self.store.begin_long().await?;
            inbox::forget(&mut tx, now - MEMORY).await?;
            tx.commit().await
        };
        if let Err::<(), store::Error>(e) = result.await {
            warn!(error = %e, "old inbox marks stay for now");
        }
    }
}
