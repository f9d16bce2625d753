#![doc = include_str!("../README.md")]

pub mod app;
mod db;
mod effects;
mod http;

use std::time::Duration;

use role::{Error, Parts, Role, RoleSpec};

use crate::app::settle::{SettleBought, SettleReleased};
use crate::effects::inbound::{Dial, Sms, Status, Voice, Whisper};
use crate::effects::listening::Listening;
use crate::effects::lookups::Lookups;
use crate::effects::notify::{Poster, tell_tenants};
use crate::effects::provision::Provision;
use crate::effects::queries::{Grant, List, Resolve};
use crate::effects::registry::Registry;

pub use crate::db::MIGRATIONS;

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long whoever buys a number waits for Twilio with us.
    pub purchase: Duration,
    /// The waits before a post to a tenant's address is tried again.
    pub retry_delays: Vec<Duration>,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            purchase: Duration::from_secs(20),
            retry_delays: bus::RETRY_DELAYS.to_vec(),
        }
    }
}

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "tenants",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// The role with other waits, for tests that are in a hurry.
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    let account = parts.settings.account.as_ref();
    let platform_account = account
        .map(|account| account.sid.clone())
        .unwrap_or_default();
    let lookups = Lookups::new(
        store.clone(),
        parts.clock.clone(),
        parts.sealer.clone(),
        platform_account.clone(),
    );

    role.performs(Voice(lookups.clone()));
    role.performs(Whisper(lookups.clone()));
    role.performs(Dial(lookups.clone()));
    role.performs(Status(lookups.clone()));
    role.performs(Sms(lookups.clone()));
    role.performs(Resolve(lookups.clone()));
    role.performs(List {
        store: store.clone(),
        platform_account: platform_account.clone(),
    });
    role.performs(Grant(store.clone()));
    role.decides(SettleBought)?;
    role.decides(SettleReleased)?;

    let poster = Poster::new(lookups.clone(), parts.clock.clone(), timings.retry_delays);
    let bound_later = tell_tenants(&mut role, &poster);
    let listening = Listening::new(parts.bus.clone(), bound_later);
    role.runs(
        listening
            .clone()
            .begin_if_wanted(store.clone(), parts.stopping.clone()),
    );
    role.runs(
        lookups
            .clone()
            .keep_true(parts.bus.clone(), parts.stopping.clone()),
    );
    let registry = Registry::new(parts, store, relay, lookups, listening);
    let provision = Provision {
        registry: registry.clone(),
        bus: parts.bus.clone(),
        platform_account,
        patience: timings.purchase,
    };
    role.serves(
        http::ROUTES,
        http::State {
            registry,
            provision,
        },
    );
    Ok(role)
}
