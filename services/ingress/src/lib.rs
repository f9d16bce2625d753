#![doc = include_str!("../README.md")]

mod door;
mod fallback;
mod read;
mod spool;
mod verify;
mod webhooks;

use std::sync::Arc;

use role::{Error, Parts, Role};

pub use webhooks::{ROUTES, WEBHOOKS, Webhook};

/// The role, ready to start.
pub async fn role(parts: &Parts) -> Result<Role, Error> {
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
    ));
    role.serves(ROUTES, door::Door::new(parts, spool));
    Ok(role)
}
