#![doc = include_str!("../README.md")]

mod app;
mod db;
mod effects;
mod http;

use app::Desk;
pub use app::Timings;
use events::Envelope;
use flow::Definition;
use role::{Error, Parts, Relay, Role, RoleSpec};
use store::Store;
use tracing::warn;

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "interviews",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// The role with other waits, for tests that are in a hurry.
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    let public_url = parts.settings.public_url();
    let desk = || Desk {
        public_url: public_url.clone(),
        speaker: parts.settings.speaker(),
        timings,
    };
    role.decides(app::turns::Begin(desk()))?;
    role.decides_on("turns", app::turns::Choose(desk()))?;
    role.decides_on("turns", app::turns::TakeAnswer(desk()))?;
    role.decides_on("turns", app::turns::GoOn(desk()))?;
    role.decides_on("turns", app::turns::TakeTurn(desk()))?;
    role.decides_on("turns", app::turns::Advance(desk()))?;
    role.decides_on("turns", app::streams::Hear(desk()))?;
    role.decides_on("evaluation", app::recordings::Follow(desk()))?;
    role.decides_on("evaluation", app::recordings::LookFor(desk()))?;
    role.decides_on("turns", app::questions::Written(desk()))?;
    role.decides_on("turns", app::questions::NotWritten(desk()))?;
    role.decides_on("evaluation", app::evaluation::Transcribed(desk()))?;
    role.decides_on("evaluation", app::evaluation::NotTranscribed(desk()))?;
    role.decides_on("evaluation", app::evaluation::Scored(desk()))?;
    role.decides_on("evaluation", app::evaluation::NotScored(desk()))?;
    role.decides_on("evaluation", app::evaluation::Summarized(desk()))?;
    role.decides_on("evaluation", app::evaluation::NotSummarized(desk()))?;
    role.decides_on("progress", app::status::FollowCall(desk()))?;
    role.decides_on("progress", app::status::Settle(desk()))?;
    role.decides_on("progress", app::dial::Dial(desk()))?;
    role.decides_on("progress", app::dial::Placed)?;
    role.decides_on("progress", app::dial::Refused(desk()))?;
    role.decides_on("progress", app::speech::Spoken)?;
    role.decides_on("progress", app::speech::NotSpoken)?;
    role.decides_on("progress", app::flows::Define(desk()))?;
    role.decides_on("progress", app::erase::Forget)?;
    role.decides_on("progress", app::erase::Expire)?;
    role.performs_on("queries", effects::flows::Find(store.clone()))?;
    role.performs_on("queries", effects::known::Known(store.clone()))?;
    role.runs(speak_ahead(parts.clone(), store.clone(), relay.clone()));
    role.serves(
        http::ROUTES,
        http::State {
            store,
            relay,
            bus: parts.bus.clone(),
            directory: parts.directory.clone(),
            speaker: parts.settings.speaker(),
            clock: parts.clock.clone(),
            results: timings.results,
        },
    );
    Ok(role)
}

/// What every caller of the coach hears is made into speech at the start, before anybody calls.
async fn speak_ahead(parts: Parts, store: Store, relay: Relay) {
    let ready = parts.stopping.run_until_cancelled(store.ready()).await;
    if ready.is_some()
        && let Err(e) = order_ahead(&parts, &store, &relay).await
    {
        warn!(error = %e, "the coach's prompts are made when somebody calls, not before");
    }
}

async fn order_ahead(parts: &Parts, store: &Store, relay: &Relay) -> Result<(), store::Error> {
    let now = parts.clock.now();
    let orders = app::flows::ahead(&Definition::coach(), &parts.settings.speaker());
    let leaving: Vec<Envelope> = orders
        .iter()
        .map(|order| Envelope::at("trunkline/interviews", parts.clock.id(), now, order))
        .collect();
    let mut tx = store.begin().await?;
    relay.put(&mut tx, now, &leaving).await?;
    // They leave by themselves in a moment, when whoever performs them is there.
    tx.commit().await
}

/// What the tests look at. Not for others.
#[doc(hidden)]
pub mod door {
    pub use crate::db::*;
}
