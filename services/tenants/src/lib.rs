#![doc = include_str!("../README.md")]

pub mod app;
mod db;
mod effects;
mod http;

use std::time::Duration;

use encryption::Sealer;
use events::v1::{TwilioCallStatus, TwilioDialFinished};
use role::{Error, Parts, Role, RoleSpec};
use settings::Secret;
use store::Store;

use crate::app::erasure;
use crate::app::settle::{SettleBought, SettleReleased};
use crate::db::model::enums::{SmsApp, VoiceApp};
use crate::effects::inbound::{Republish, Sms, Voice, Whisper};
use crate::effects::lookups::{Lookups, platform_account};
use crate::effects::notify::{Poster, tell_tenants};
use crate::effects::notify_queues::NotifyQueues;
use crate::effects::provision::Provision;
use crate::effects::queries::{Find, Grant, List, Resolve};
use crate::effects::registry::Registry;
use crate::effects::retention;

pub use crate::db::MIGRATIONS;

/// How long things take; a test is in more of a hurry.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long whoever buys a number waits for Twilio with us.
    pub purchase: Duration,
    /// The waits before a post to a tenant's address is tried again.
    pub retry_delays: Vec<Duration>,
    /// How often it is looked whose things have been kept long enough.
    pub retention: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            purchase: Duration::from_secs(20),
            retry_delays: bus::RETRY_DELAYS.to_vec(),
            retention: Duration::from_secs(3_600),
        }
    }
}

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "tenants",
    routes: &[http::ROUTES, http::erasures::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// Seals every stored credential with the first key of `TRUNKLINE_SECRET_KEY` and binds it to its row; gives how many
/// tenants had one that was not. It may run beside the role.
///
/// # Errors
///
/// The database is away, or a credential was sealed with a key that is not among those.
pub async fn reseal(store: &Store, sealer: &Sealer) -> Result<usize, ResealError> {
    let mut tx = store.begin().await?;
    let resealed = db::tenants::reseal(&mut tx, sealer).await?;
    tx.commit().await?;
    Ok(resealed)
}

/// What is to be looked at from outside: numbers in use, and whose credentials are at Twilio.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Numbers that are served, each with its tenant and whether its calls and its texts are for us.
    pub numbers: Vec<(String, String, bool, bool)>,
    /// Tenants' own accounts: tenant, SID, the newest token.
    pub accounts: Vec<(String, String, Secret)>,
    /// How many tenants have credentials that another than the first key has sealed.
    pub outdated: usize,
}

/// Opens every stored credential, and lists the numbers.
///
/// # Errors
///
/// The database is away, or a credential was sealed with a key that is not among those.
pub async fn inventory(store: &Store, sealer: &Sealer) -> Result<Inventory, ResealError> {
    let mut tx = store.begin().await?;
    let mut inventory = Inventory {
        // It changes nothing: the transaction is taken back.
        outdated: db::tenants::reseal(&mut tx, sealer).await?,
        ..Inventory::default()
    };
    let mut after = String::new();
    loop {
        let page = db::tenants::page(&mut tx, &after, None, PAGE, sealer).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for tenant in page {
            if let Some(account) = tenant.account
                && let Some(token) = account.tokens.first()
            {
                inventory
                    .accounts
                    .push((tenant.id, account.sid, token.clone()));
            }
        }
    }
    let mut after = String::new();
    loop {
        let page = db::numbers::live_page(&mut tx, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for number in page {
            let is_voice = number.voice != VoiceApp::None;
            let is_sms = number.sms != SmsApp::None;
            if let Some(e164) = number.number {
                let e164 = e164.as_str().to_owned();
                inventory
                    .numbers
                    .push((e164, number.tenant_id, is_voice, is_sms));
            }
        }
    }
    tx.rollback().await?;
    Ok(inventory)
}

/// As many rows are read at once.
const PAGE: i64 = 500;

/// Why credentials were not sealed anew; nothing has changed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ResealError(#[from] db::tenants::SecretsError);

impl From<store::Error> for ResealError {
    fn from(error: store::Error) -> Self {
        Self(error.into())
    }
}

/// The role with other waits, for tests that are in a hurry.
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    let platform_account = platform_account(&parts.settings);
    let lookups = Lookups::new(parts, store.clone(), platform_account.clone());

    role.performs_on("calls", Voice(lookups.clone()))?;
    role.performs_on("calls", Whisper(lookups.clone()))?;
    role.performs_on(
        "calls",
        Republish::<TwilioDialFinished>::new(lookups.clone()),
    )?;
    role.performs(Republish::<TwilioCallStatus>::new(lookups.clone()))?;
    role.performs(Sms(lookups.clone()))?;
    role.performs_on("queries", Resolve(lookups.clone()))?;
    role.performs(List {
        store: store.clone(),
        platform_account: platform_account.clone(),
        sealer: parts.sealer.clone(),
    })?;
    role.performs_on("queries", Grant(store.clone(), parts.clock.clone()))?;
    role.performs_on("queries", Find(store.clone()))?;
    role.decides_on("numbers", SettleBought)?;
    role.decides_on("numbers", SettleReleased)?;
    role.decides_on("erasures", erasure::Begin(parts.sealer.clone()))?;
    role.decides_on("erasures", erasure::Gather)?;
    role.decides_on("erasures", erasure::AskAgain(parts.sealer.clone()))?;

    let poster = Poster::new(lookups.clone(), parts.clock.clone(), timings.retry_delays);
    let bound_later = tell_tenants(&mut role, &poster)?;
    let notify_queues = NotifyQueues::new(parts.bus.clone(), bound_later);
    role.runs(
        notify_queues
            .clone()
            .begin_if_wanted(store.clone(), parts.stopping.clone()),
    );
    role.runs(
        lookups
            .clone()
            .keep_true(parts.bus.clone(), parts.stopping.clone()),
    );
    role.serves(
        http::erasures::ROUTES,
        http::erasures::Erasures {
            store: store.clone(),
            relay: relay.clone(),
            clock: parts.clock.clone(),
        },
    );
    role.runs(retention::Sweep::new(parts, store.clone(), timings.retention).run());
    let registry = Registry::new(parts, store, relay, lookups, notify_queues);
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
