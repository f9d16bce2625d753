#![doc = include_str!("../README.md")]

mod accounts;
mod app;
mod db;
mod effect;
mod effects;
mod guards;
mod http;
mod once;
mod pace;

use std::sync::Arc;

use role::settings::Settings;
use role::{Parts, Role, RoleSpec};
use tracing::info;

use accounts::Accounts;
use effects::Webhooks;
use guards::Guards;
use once::Once;
use pace::Pace;

pub use db::MIGRATIONS;
pub use pace::Timings;

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "egress",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// The role with other waits, for tests that are in a hurry.
///
/// # Errors
/// As [`RoleSpec::start`].
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, role::Error> {
    let settings = &parts.settings;
    let mut role = Role::new(ROLE.name, parts);
    let (store, _) = role.with_store(db::MIGRATIONS).await?;
    let accounts = Accounts::new(parts)?;
    let once = Once {
        store: store.clone(),
        clock: parts.clock.clone(),
        accounts: accounts.clone(),
        pace: Arc::new(Pace::new(timings.per_second)),
        turns: Arc::default(),
        timings: Arc::new(timings),
    };
    // SQLite has no second process: what is under way belongs to the one that died.
    if store.engine() == "sqlite" {
        let left = once.relieve().await?;
        if left > 0 {
            info!(
                effects = left,
                "effects were under way when the process ended; they are looked for first"
            );
        }
    }
    let guards = Guards {
        store: store.clone(),
        clock: parts.clock.clone(),
        whitelist: settings.whitelist.clone().map(Arc::new),
    };
    role.performs(effects::Send {
        once: once.clone(),
        guards: guards.clone(),
        status_callback: is_reachable(settings).then(|| message_status_url(settings)),
    });
    role.performs(effects::Buy {
        once: once.clone(),
        webhooks: Arc::new(Webhooks::of(&settings.public_url())),
    });
    role.performs(effects::Release { once: once.clone() });
    role.performs(effects::Place {
        once: once.clone(),
        guards,
    });
    role.performs(effects::HangUp { once: once.clone() });
    role.performs(effects::Redirect { once: once.clone() });
    role.performs(effects::LookUp {
        accounts: accounts.clone(),
        retry_delays: once.timings.retry_delays.clone(),
    });
    role.decides(app::OptOuts)?;
    role.serves(http::ROUTES, http::State::new(settings, store, accounts));
    Ok(role)
}

/// Where Twilio tells what becomes of a message.
fn message_status_url(settings: &Settings) -> String {
    format!("{}/webhooks/twilio/sms/status", settings.public_url())
}

/// Whether our address means anything to the other side. Twilio refuses messages with a callback to `localhost`;
/// an emulator on this machine does not.
fn is_reachable(settings: &Settings) -> bool {
    settings.webhook_base_url.is_some() || settings.twilio_api_base_url.is_some()
}
