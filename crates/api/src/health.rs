//! Whether this process can do its work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::Bus;
use metrics::gauge;
use serde::Serialize;
use settings::Secret;
use store::Store;
use tokio_util::sync::CancellationToken;

/// A yes or no that a part sets: a cache that is loaded, a spool that is empty.
pub type Flag = Arc<AtomicBool>;

/// What a part complains of: it does its work, and an operator should look. None: nothing.
pub type Complaint = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What `/health/ready` looks at.
#[derive(Clone)]
pub struct Health {
    /// The commit that this binary was built of; empty: the build was not told.
    pub commit: &'static str,
    /// The bus, whose state is one of the parts.
    pub bus: Bus,
    /// Whether events are handled: the queues are declared and consumed.
    pub at_work: Flag,
    /// The roles' databases, by role.
    pub stores: Vec<(&'static str, Store)>,
    /// What must be well for the process to be ready, by name.
    pub flags: Vec<(&'static str, Flag)>,
    /// What is named where it is wrong, and the process goes on.
    pub complaints: Vec<(&'static str, Complaint)>,
    /// Cancelled when the process is asked to stop.
    pub stopping: CancellationToken,
    /// Whether a role of this process does its work with everything behind it away.
    pub stays_in_rotation: bool,
    /// What whoever reads the metrics has to show; none: anybody may.
    pub metrics_token: Option<Secret>,
}

/// What `/health/ready` answers.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether requests should come here.
    pub ready: bool,
    /// `ok`, `degraded`, `unavailable` or `stopping`.
    pub status: &'static str,
    /// Each part: `ok` or what is wrong.
    pub parts: BTreeMap<String, String>,
}

/// How long the broker has to say how many dead letters there are.
const PATIENCE: Duration = Duration::from_secs(1);

impl Health {
    /// How many there are; none: there are none, or it cannot be said now.
    async fn dead_letters(&self) -> Option<u64> {
        if !self.bus.is_ready() {
            return None;
        }
        let counted = tokio::time::timeout(PATIENCE, self.bus.dead_count()).await;
        let dead = counted.ok()?.ok()?;
        #[expect(clippy::cast_precision_loss, reason = "less than 2^52 letters")]
        gauge!("bus_dead_letters").set(dead as f64);
        Some(dead).filter(|dead| *dead > 0)
    }

    /// Asks every part.
    pub async fn report(&self) -> Report {
        let mut parts = BTreeMap::new();
        let mut note = |name: &str, well: bool, wrong: String| {
            parts.insert(name.to_owned(), if well { "ok".to_owned() } else { wrong });
        };
        let bus = match (self.bus.is_ready(), self.at_work.load(Ordering::Relaxed)) {
            (true, true) => "ok",
            (true, false) => "connected, but events are not handled yet",
            (false, _) => "not connected",
        };
        note("bus", bus == "ok", bus.to_owned());
        for (role, store) in &self.stores {
            // The words may hold an address; they are for the log.
            let well = store.ping().await.is_ok();
            note(
                &format!("{role}.database"),
                well,
                "does not answer".to_owned(),
            );
        }
        for (name, flag) in &self.flags {
            note(name, flag.load(Ordering::Relaxed), "not ready".to_owned());
        }
        let stopping = self.stopping.is_cancelled();
        let works = parts.values().all(|state| state == "ok");
        let ready = !stopping && (works || self.stays_in_rotation);
        // No reason to send requests elsewhere: an operator has to look.
        if let Some(dead) = self.dead_letters().await {
            let words = format!("{dead} events could not be handled; see /api/dead-letters/");
            parts.insert("dead_letters".to_owned(), words);
        }
        if bus == "ok" {
            let unserved = self.bus.unserved();
            if !unserved.is_empty() {
                let words = format!(
                    "not consumed now, tried again until they are: {}",
                    unserved.join(", ")
                );
                parts.insert("consumers".to_owned(), words);
            }
        }
        for (name, complaint) in &self.complaints {
            let state = complaint().unwrap_or_else(|| "ok".to_owned());
            parts.insert((*name).to_owned(), state);
        }
        let well = parts.values().all(|state| state == "ok");
        let status = match (stopping, well, ready) {
            (true, _, _) => "stopping",
            (false, true, _) => "ok",
            (false, false, true) => "degraded",
            (false, false, false) => "unavailable",
        };
        Report {
            ready,
            status,
            parts,
        }
    }
}
