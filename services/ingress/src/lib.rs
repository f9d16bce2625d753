#![doc = include_str!("../README.md")]

mod audio;
mod door;
mod fallback;
mod handover;
mod read;
mod spool;
mod verify;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use role::{Error, Parts, Role, RoleSpec};

pub use webhooks::{Answer, Fallback, WEBHOOKS, Wait, Webhook};

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// By how much each row's deadline is divided; 1 where time is real.
    pub haste: u32,
    /// How long the spool waits before it tries the bus again.
    pub pause: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            haste: 1,
            pause: Duration::from_millis(500),
        }
    }
}

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "ingress",
    routes: &[audio::ROUTES, webhooks::ROUTES],
    migrations: None,
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// The role with other waits, for tests that are in a hurry.
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let dir = parts.settings.data_dir.join("spool");
    let spool = spool::Spool::open(&dir).map_err(|source| Error::Io {
        what: format!("the spool {} cannot be opened", dir.display()),
        source,
    })?;
    let spool = Arc::new(spool);
    role.runs(spool::drain(
        spool.clone(),
        parts.bus.clone(),
        parts.stopping.clone(),
        timings.pause,
    ));
    role.serves(audio::ROUTES, audio::Audio::new(&parts.settings));
    role.stays_in_rotation();
    role.serves(
        webhooks::ROUTES,
        door::Door::new(parts, spool, timings.haste),
    );
    Ok(role)
}
