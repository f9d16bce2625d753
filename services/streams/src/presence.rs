//! This process tells that it lives, and ends the sessions of those that do not any more: a process that is killed can tell nothing.
//!
//! Each process has a row with the time until which it counts as living, and says so again well before that. A live session names the
//! process that holds it. One whose process has not said so for the length of a lease is lost; whichever process finds it first
//! ends its row and tells `stream.ended`, once.

use std::collections::HashMap;
use std::time::Duration;

use clock::{Clock, Time};
use metrics::counter;
use store::{Error, Store};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::db::{self, Process, SessionRow};
use crate::live::Teller;

/// No call of ours is longer than four hours. A session whose process did not say who it is, an older version's, is given up after this.
const LONGEST: chrono::Duration = chrono::Duration::hours(5);
/// Processes that have been gone for so long are forgotten: none of their sessions is live any more.
const REMEMBERED: chrono::Duration = chrono::Duration::days(1);

/// How often a process tells that it lives, and when it counts as gone.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// From one time to the next.
    pub beat: Duration,
    /// For so long it counts as living after each.
    pub lease: Duration,
    /// For so long a process has told without a failure before it judges others: while the database was away nobody could, and
    /// when it is back each needs a moment.
    pub sure: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(5),
            lease: Duration::from_secs(30),
            sure: Duration::from_secs(30),
        }
    }
}

/// The task.
pub struct Presence {
    /// The role's data.
    pub store: Store,
    /// Ends sessions, and knows this process.
    pub teller: Teller,
    /// The time.
    pub clock: Clock,
    /// How often.
    pub timings: Timings,
    /// Cancelled when no session of this process is live any more: later than the process is asked to stop.
    pub gone: CancellationToken,
}

impl Presence {
    /// Tells and looks until this process is gone.
    pub async fn run(self) {
        let mut since = None;
        loop {
            match self.beat().await {
                Ok(()) => {
                    let since = *since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.timings.sure
                        && let Err(error) = self.sweep().await
                    {
                        warn!(%error, "sessions of processes that are gone cannot be looked for; trying again");
                    }
                }
                Err(error) => {
                    since = None;
                    debug!(%error, "the process cannot tell that it lives");
                }
            }
            tokio::select! {
                () = self.gone.cancelled() => break,
                () = tokio::time::sleep(self.timings.beat) => {}
            }
        }
        if let Err(error) = self.leave().await {
            debug!(%error, "the process is not taken off the list; its lease ends");
        }
    }

    async fn beat(&self) -> Result<(), Error> {
        let process = Process {
            id: self.teller.process.clone(),
            until: (self.clock.now() + self.lease()).into(),
        };
        let mut tx = self.store.begin().await?;
        db::process_tell(&mut tx, &process).await?;
        tx.commit().await
    }

    async fn leave(&self) -> Result<(), Error> {
        let mut tx = self.store.begin().await?;
        db::process_remove(&mut tx, &self.teller.process).await?;
        tx.commit().await
    }

    async fn sweep(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let known = db::processes(&mut tx).await?;
        let mut known: HashMap<String, Time> =
            known.into_iter().map(|it| (it.id, it.until.0)).collect();
        let living = known.iter().filter(|(_, until)| **until > now);
        let living: Vec<String> = living.map(|(id, _)| id.clone()).collect();
        // A process that has just begun may have taken a session before it has told that it lives.
        let before = now - self.lease();
        let mut lost = db::sessions_of_others(&mut tx, &living, before, now - LONGEST).await?;
        drop(tx);
        if !lost.is_empty() {
            // A process may have told of itself between the two looks.
            let mut tx = self.store.read().await?;
            for process in db::processes(&mut tx).await? {
                known.insert(process.id, process.until.0);
            }
            lost.retain(|row| known.get(&row.process).is_none_or(|until| *until <= now));
        }
        for row in lost {
            let last = known.get(&row.process).map(|until| *until - self.lease());
            if self.teller.lost(&row, lasted(&row, last)).await? {
                counter!("streams_lost_total").increment(1);
                info!(
                    call.sid = row.call_sid,
                    "a session is ended whose process is gone"
                );
            }
        }
        if known.values().any(|until| *until < now - REMEMBERED) {
            let mut tx = self.store.begin().await?;
            db::processes_forget(&mut tx, now - REMEMBERED).await?;
            tx.commit().await?;
        }
        self.identify().await
    }

    /// What processes of a version before have offered answers to its call's id, too.
    async fn identify(&self) -> Result<(), Error> {
        let mut tx = self.store.read().await?;
        let calls = db::calls_without_id(&mut tx).await?;
        drop(tx);
        if calls.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        for call_sid in calls {
            db::call_identify(&mut tx, &call_sid).await?;
        }
        tx.commit().await
    }

    fn lease(&self) -> chrono::Duration {
        chrono::Duration::from_std(self.timings.lease).unwrap_or_default()
    }
}

/// How long a session was held: until its process has told for the last time that it lives.
fn lasted(row: &SessionRow, last: Option<Time>) -> Duration {
    let began = row.started_at.map(|at| at.0);
    let held = began.zip(last).map(|(began, last)| last - began);
    held.and_then(|it| it.to_std().ok()).unwrap_or_default()
}
