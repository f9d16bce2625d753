#![doc = include_str!("../README.md")]

mod door;
mod fallback;
mod read;
mod spool;
mod verify;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use role::{Error, Parts, Role};

pub use webhooks::{ROUTES, WEBHOOKS, Webhook};

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    /// How long a decision may take. Twilio waits 15 s in all, but a caller hears silence meanwhile.
    pub deadline: Duration,
    /// How long the spool waits before it tries the bus again.
    pub pause: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            pause: Duration::from_millis(500),
        }
    }
}

/// The role, ready to start.
pub async fn role(parts: &Parts) -> Result<Role, Error> {
    role_with(parts, Tempo::default()).await
}

/// The same at another pace.
pub async fn role_with(parts: &Parts, tempo: Tempo) -> Result<Role, Error> {
    let mut role = Role::new("ingress", parts);
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
        tempo.pause,
    ));
    role.serves(ROUTES, door::Door::new(parts, spool, tempo.deadline));
    Ok(role)
}
