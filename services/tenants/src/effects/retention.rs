//! Tells the roles, from time to time, whose things have been kept long enough. Several processes may: it is one event an
//! hour and tenant.

use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta, Timelike};
use clock::{Clock, Time};
use encryption::Sealer;
use events::Envelope;
use events::v1::RetentionDue;
use role::{Outage, Parts, derive_id};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::app::refusal::Refusal;
use crate::db::model::{Retention, Tenant};
use crate::db::tenants;

/// How many tenants are looked at in one query.
const PAGE: i64 = 200;

/// The task.
pub struct Sweep {
    store: Store,
    bus: bus::Bus,
    clock: Clock,
    sealer: Sealer,
    every: Duration,
    stopping: CancellationToken,
}

impl Sweep {
    /// One that looks every so often.
    pub fn new(parts: &Parts, store: Store, every: Duration) -> Self {
        Self {
            store,
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            sealer: parts.sealer.clone(),
            every,
            stopping: parts.stopping.clone(),
        }
    }

    /// Looks until the process stops.
    pub async fn run(self) {
        let mut outage = Outage::new("whose things have been kept long enough cannot be told");
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = self.stopping.cancelled() => return,
            }
            match self.round().await {
                Ok(()) => outage.recovered(),
                Err(error) => {
                    outage.failed(&error);
                }
            }
        }
    }

    async fn round(&self) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut after = String::new();
        loop {
            let mut tx = self.store.read().await?;
            let page = tenants::page(&mut tx, &after, None, PAGE, &self.sealer).await?;
            drop(tx);
            let Some(last) = page.last() else {
                return Ok(());
            };
            after.clone_from(&last.id);
            for tenant in &page {
                if let Some(due) = due(tenant, now) {
                    // An hour that was missed is made up for by the next.
                    let _ = self.bus.publish(&envelope(&due, now)).await;
                }
            }
        }
    }
}

fn due(tenant: &Tenant, now: Time) -> Option<RetentionDue> {
    let kept = tenant.profile.retention;
    let before = |days: u32| match days {
        0 => String::new(),
        days => {
            (now - TimeDelta::days(i64::from(days))).to_rfc3339_opts(SecondsFormat::Micros, true)
        }
    };
    (kept != Retention::default()).then(|| RetentionDue {
        tenant_id: tenant.id.clone(),
        calls_before: before(kept.calls_days),
        conversations_before: before(kept.conversations_days),
        interviews_before: before(kept.interviews_days),
    })
}

fn envelope(due: &RetentionDue, now: Time) -> Envelope {
    let hour = format!("{} {}", now.date_naive(), now.hour());
    let id = derive_id(&["retention.due", &due.tenant_id, &hour]);
    Envelope::at("trunkline/tenants", id, now, due).tenant(&due.tenant_id)
}
