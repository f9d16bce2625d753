//! Whether this process can do its work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bus::Bus;
use serde::Serialize;
use store::Store;
use tokio_util::sync::CancellationToken;

/// A yes or no that a part sets: a cache that is loaded, a spool that is empty.
pub type Flag = Arc<AtomicBool>;

/// What `/health/ready` looks at.
#[derive(Clone)]
pub struct Health {
    pub(crate) bus: Bus,
    /// Whether events are handled: the queues are declared and consumed.
    pub(crate) at_work: Flag,
    pub(crate) stores: Vec<(&'static str, Store)>,
    pub(crate) flags: Vec<(&'static str, Flag)>,
    pub(crate) stopping: CancellationToken,
    /// Whether a role of this process does its work with everything behind it away
    /// ([`Role::stays_in_rotation`](crate::Role::stays_in_rotation)).
    pub(crate) stays_in_rotation: bool,
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

impl Health {
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
        let well = parts.values().all(|state| state == "ok");
        let ready = !stopping && (well || self.stays_in_rotation);
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
