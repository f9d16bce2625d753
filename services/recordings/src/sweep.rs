//! Looks from time to time whose time is over, and asks the tenant what it wants by now; and whose file is to be moved. It decides nothing:
//! `recording.expire` does. Of several processes the one that holds the lease looks.

use std::collections::HashMap;
use std::time::Duration;

use bus::Bus;
use clock::{Clock, Time};
use events::Envelope;
use events::v1::{RecordingExpire, RecordingReclass, RecordingSettings};
use metrics::gauge;
use objects::Objects;
use role::{Parts, derive_id};
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::app::row;
use crate::db::{self, RecordingRow};
use crate::wishes::Wishes;

/// How many are looked at in one round.
const ROUND: i64 = 200;
/// For how long it is remembered which calls were forgotten: what comes of them comes within minutes, but while Twilio, the store or
/// the bus is away.
const REMEMBERED: chrono::Duration = chrono::Duration::days(90);
/// An upload that was begun so long ago is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// The task.
pub(crate) struct Sweep {
    store: Store,
    bus: Bus,
    clock: Clock,
    objects: Objects,
    wishes: Wishes,
    every: Duration,
    stopping: CancellationToken,
    /// This process, as the lease knows it.
    holder: String,
    /// Which files were ordered to be moved, and when: while the store is away an order waits on the bus, and another would be one too many.
    ordered: HashMap<String, Time>,
}

/// After so long a file that is still where it was is ordered to be moved again.
const AGAIN: chrono::Duration = chrono::Duration::hours(6);
/// A process that is slow for a moment does not lose its lease.
const SHORTEST: Duration = Duration::from_secs(30);
/// The lease of whoever looks.
const LEASE: &str = "sweep";

impl Sweep {
    pub(crate) fn new(
        parts: &Parts,
        store: Store,
        objects: Objects,
        wishes: Wishes,
        every: Duration,
    ) -> Self {
        Self {
            store,
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            wishes,
            objects,
            every,
            stopping: parts.stopping.clone(),
            holder: parts.clock.id(),
            ordered: HashMap::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        let mut is_clean = false;
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => break,
                () = tokio::time::sleep(self.every) => {}
            }
            if !is_clean {
                // Once: what processes that died have begun to store.
                match self.objects.sweep_uploads("recordings/", ABANDONED).await {
                    Ok(swept) => {
                        is_clean = true;
                        if swept > 0 {
                            info!(uploads = swept, "abandoned uploads removed from the store");
                        }
                    }
                    Err(e) => debug!(error = %e, "abandoned uploads cannot be looked for yet"),
                }
            }
            if let Err(e) = self.round().await {
                warn!(error = %e, "recordings whose time is over cannot be looked for; trying again");
            }
        }
        if let Err(e) = self.release().await {
            debug!(error = %e, "another process looks when the lease is over");
        }
    }

    /// This process stops in order: another one need not wait.
    async fn release(&self) -> Result<(), store::Error> {
        let mut tx = self.store.begin().await?;
        db::lease_release(&mut tx, LEASE, &self.holder).await?;
        tx.commit().await
    }

    async fn round(&mut self) -> Result<(), store::Error> {
        let now = self.clock.now();
        // Held for three rounds, so that another process looks soon after this one has died.
        let held = (3 * self.every).max(SHORTEST);
        let until = now + chrono::Duration::from_std(held).unwrap_or_default();
        let mut tx = self.store.begin().await?;
        let is_ours = db::lease_take(&mut tx, LEASE, &self.holder, now, until).await?;
        if is_ours {
            db::forgotten_remove(&mut tx, now - REMEMBERED).await?;
        }
        tx.commit().await?;
        if !is_ours {
            // Whoever holds the lease tells it; what was told here once is not true for ever.
            gauge!("recordings_oldest_unstored_seconds").set(0.0);
            return Ok(());
        }
        let mut tx = self.store.read().await?;
        let to_move = db::recording_to_move(&mut tx, now, ROUND).await?;
        let due = db::recording_due(&mut tx, now, ROUND).await?;
        let oldest = db::recording_oldest_unstored(&mut tx).await?;
        drop(tx);
        let age = oldest.map_or(0, |at| (now - at).num_seconds().max(0));
        #[expect(clippy::cast_precision_loss, reason = "less than 2^52 seconds")]
        gauge!("recordings_oldest_unstored_seconds").set(age as f64);
        self.ordered.retain(|_, at| now - *at < AGAIN);
        for row in to_move {
            if !self.ordered.contains_key(&row.id) {
                self.reclass(&row, now).await?;
                self.ordered.insert(row.id, now);
            }
        }
        let mut wanted = HashMap::new();
        for row in due {
            let settings = match wanted.get(&row.tenant_id) {
                Some(known) => Option::clone(known),
                None => {
                    // Nobody answers: nothing is deleted on a guess. It is still due in the next round.
                    let Ok(settings) = self.wishes.of(&row.tenant_id).await else {
                        continue;
                    };
                    wanted.insert(row.tenant_id.clone(), settings.clone());
                    settings
                }
            };
            self.expire(&row, settings, now).await?;
        }
        Ok(())
    }

    /// Orders that a file is moved to the class that was wanted at the call's time.
    async fn reclass(&self, row: &RecordingRow, now: Time) -> Result<(), store::Error> {
        let mut tx = self.store.read().await?;
        let call = db::call_find(&mut tx, &row.call_sid).await?;
        drop(tx);
        let command = RecordingReclass {
            recording_id: row.id.clone(),
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            key: row.object_key.clone(),
            storage_class: row::settings(call.as_ref()).storage_class,
        };
        let due = row.move_at.map(|at| row::text(at.0)).unwrap_or_default();
        let id = derive_id(&["recording.reclass", &row.id, &due]);
        let envelope = Envelope::at("trunkline/recordings", id, now, &command)
            .tenant(&row.tenant_id)
            .key(&row.call_sid);
        if let Err(e) = self.bus.publish(&envelope).await {
            debug!(error = %e, "moving a recording waits for the bus");
        }
        Ok(())
    }

    /// Several processes may say so: it is one event.
    async fn expire(
        &self,
        row: &RecordingRow,
        settings: Option<RecordingSettings>,
        now: Time,
    ) -> Result<(), store::Error> {
        let legal_hold = match &settings {
            Some(settings) => settings.legal_hold,
            // The tenant is gone: what it wanted when the call came in counts.
            None => {
                let mut tx = self.store.read().await?;
                let call = db::call_find(&mut tx, &row.call_sid).await?;
                row::settings(call.as_ref()).legal_hold
            }
        };
        let command = RecordingExpire {
            recording_id: row.id.clone(),
            call_sid: row.call_sid.clone(),
            retention_days: settings.as_ref().map(|it| it.retention_days),
            legal_hold,
            delete_at_twilio: settings.is_some_and(|it| it.delete_at_twilio),
        };
        let due = row.delete_at.map(|at| row::text(at.0)).unwrap_or_default();
        let id = derive_id(&["recording.expire", &row.id, &due]);
        let envelope = Envelope::at("trunkline/recordings", id, now, &command)
            .tenant(&row.tenant_id)
            .key(&row.call_sid);
        if let Err(e) = self.bus.publish(&envelope).await {
            debug!(error = %e, "a recording's end waits for the bus");
        }
        Ok(())
    }
}
