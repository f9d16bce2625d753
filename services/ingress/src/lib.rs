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

use role::{Error, Parts, Role};

pub use audio::ROUTES as AUDIO_ROUTES;
pub use webhooks::{Answer, Fallback, ROUTES, WEBHOOKS, Wait, Webhook};

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone, Copy)]
pub struct Tempo {
    /// By how much each row's deadline is divided; 1 where time is real.
    pub haste: u32,
    /// How long the spool waits before it tries the bus again.
    pub pause: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            haste: 1,
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
    role.serves(audio::ROUTES, audio::Audio::new(&parts.settings));
    role.serves(ROUTES, door::Door::new(parts, spool, tempo.haste));
    Ok(role)
}
