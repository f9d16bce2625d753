#![doc = include_str!("../README.md")]

mod audio;
mod fallback;
mod noted;
mod publisher;
mod queries;
mod read;
mod request;
mod routes;
mod spool;
mod strangers;
#[cfg(test)]
mod toy_webhook;
mod verify;
mod webhook_handler;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use role::{Error, Parts, Role, RoleSpec};

pub use webhooks::{Fallback, ResponseKind, WEBHOOKS, Wait, Webhook};

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// By how much each row's deadline is divided; 1 where time is real.
    pub speedup: u32,
    /// How long the spool waits before it tries the bus again.
    pub pause: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            speedup: 1,
            pause: Duration::from_millis(500),
        }
    }
}

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "ingress",
    routes: &[audio::ROUTES, routes::ROUTES],
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
    let waits = spool.clone();
    role.complains(
        "ingress.spool",
        Arc::new(move || {
            let why = "webhooks wait on the disk until the bus takes them";
            (!waits.is_empty()).then(|| why.to_owned())
        }),
    );
    role.serves(audio::ROUTES, audio::Audio::new(parts));
    role.stays_in_rotation();
    role.serves(
        routes::ROUTES,
        webhook_handler::WebhookHandler::new(parts, spool, WEBHOOKS, timings.speedup),
    );
    Ok(role)
}
