#![doc = include_str!("../README.md")]

mod accounts;
mod admission;
mod app;
mod backlog;
mod db;
mod effect;
mod effect_runner;
mod effects;
mod guards;
mod http;
mod lines;
mod noted;
mod quiet;
mod scheduler;
mod settlement;
mod slots;
mod spend;
mod sweep;
mod timings;
mod webhooks;

use std::sync::Arc;

use events::v1::{RecordingDelete, RecordingPause, RecordingResume, RecordingStart};
use role::{Parts, Role, RoleSpec};
use settings::Settings;
use tracing::info;

use accounts::Accounts;
use admission::Admission;
use backlog::Backlog;
use effect_runner::EffectRunner;
use guards::Guards;
use slots::Slots;
use spend::SpendGuard;

pub use db::MIGRATIONS;
pub use timings::Timings;
pub use webhooks::{Ours, Webhooks};

/// What the tests write. Not for others.
#[doc(hidden)]
pub mod test_support {
    pub use crate::db::opt_outs::set as set_opt_out;
}

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
    let runner = EffectRunner {
        store: store.clone(),
        clock: parts.clock.clone(),
        accounts: accounts.clone(),
        slots: Slots::new(timings.pace),
        locks: Arc::default(),
        timings: Arc::new(timings),
        timeline: parts.timeline.clone(),
        stopping: parts.stopping.clone(),
    };
    // SQLite has no second process: what is under way belongs to the one that died.
    if store.engine() == "sqlite" {
        let left = runner.recover_leases().await?;
        if left > 0 {
            info!(
                effects = left,
                "effects were under way when the process ended; they are looked for first"
            );
        }
    }
    let spend = SpendGuard {
        store: store.clone(),
        clock: parts.clock.clone(),
        cap: settings.spend.clone(),
        directory: parts.directory.clone(),
    };
    let guards = Guards {
        store: store.clone(),
        clock: parts.clock.clone(),
        whitelist: settings.whitelist.clone().map(Arc::new),
        directory: parts.directory.clone(),
        sealer: parts.sealer.clone(),
        spend: spend.clone(),
    };
    let (backlog, arrivals) = Backlog::new(store.clone(), parts.bus.clone());
    let retry_delays = &runner.timings.retry_delays;
    let admission = Admission::new(backlog.clone(), retry_delays, parts.stopping.clone());
    role.performs(effects::Send {
        runner: runner.clone(),
        admission: admission.clone(),
        guards: guards.clone(),
        status_callback: is_reachable(settings).then(|| webhooks::message_status_url(settings)),
        conversations: Arc::default(),
    })?;
    role.performs_on(
        "numbers",
        effects::Buy {
            runner: runner.clone(),
            webhooks: Arc::new(Webhooks::of(&settings.public_url())),
        },
    )?;
    role.performs_on(
        "numbers",
        effects::Release {
            runner: runner.clone(),
        },
    )?;
    role.performs(effects::Verify {
        accounts: accounts.clone(),
    })?;
    let webhooks = Arc::new(Webhooks::of(&settings.public_url()));
    role.performs(effects::Inspect {
        accounts: accounts.clone(),
        webhooks: webhooks.clone(),
    })?;
    // On a queue of its own: it is not tried again, as the others of the numbers are.
    role.performs(effects::Point {
        accounts: accounts.clone(),
        webhooks,
    })?;
    role.performs(effects::Place {
        runner: runner.clone(),
        admission,
        guards,
    })?;
    role.performs_on(
        "calls",
        effects::HangUp {
            runner: runner.clone(),
        },
    )?;
    role.performs_on(
        "calls",
        effects::Redirect {
            runner: runner.clone(),
        },
    )?;
    role.performs_on(
        "calls",
        effects::CarryOut::<RecordingStart>::new(runner.clone()),
    )?;
    role.performs_on(
        "calls",
        effects::CarryOut::<RecordingPause>::new(runner.clone()),
    )?;
    role.performs_on(
        "calls",
        effects::CarryOut::<RecordingResume>::new(runner.clone()),
    )?;
    role.performs(effects::CarryOut::<RecordingDelete>::new(runner.clone()))?;
    role.performs(effects::LookUp {
        accounts: accounts.clone(),
        retry_delays: runner.timings.retry_delays.clone(),
    })?;
    role.decides(app::OptOuts)?;
    role.decides(app::AddUp(spend.clone()))?;
    role.performs(effects::TellBudget(spend))?;
    role.decides_on("facts", app::Witness)?;
    role.decides_on("facts", app::Forget(parts.sealer.clone()))?;
    role.performs(effects::Forget {
        accounts: accounts.clone(),
    })?;
    let looked_at = accounts.clone();
    role.complains(
        "egress.credentials",
        Arc::new(move || looked_at.complaint()),
    );
    role.runs(scheduler::run(backlog, arrivals, parts.stopping.clone()));
    role.runs(sweep::run(
        store.clone(),
        parts.clock.clone(),
        parts.stopping.clone(),
    ));
    role.serves(
        http::ROUTES,
        http::State::new(settings, store, parts.clock.clone(), accounts),
    );
    Ok(role)
}

/// Whether our address means anything to the other side. Twilio refuses messages with a callback to `localhost`;
/// an emulator on this machine does not.
fn is_reachable(settings: &Settings) -> bool {
    settings.webhook_base_url.is_some() || settings.twilio_api_base_url.is_some()
}
