#![doc = include_str!("../README.md")]

mod app;
mod db;
mod effects;
mod http;

use app::Env;
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
    let env = || Env {
        public_url: public_url.clone(),
        speaker: parts.settings.speaker(),
        timings,
    };
    role.decides(app::turns::Begin(env()))?;
    role.decides_on("turns", app::turns::Choose(env()))?;
    role.decides_on("turns", app::turns::TakeAnswer(env()))?;
    role.decides_on("turns", app::turns::GoOn(env()))?;
    role.decides_on("turns", app::turns::TakeTurn(env()))?;
    role.decides_on("turns", app::turns::Advance(env()))?;
    role.decides_on("turns", app::streams::Hear(env()))?;
    role.decides_on("evaluation", app::recordings::Follow(env()))?;
    role.decides_on("evaluation", app::recordings::LookFor(env()))?;
    role.decides_on("turns", app::questions::Written(env()))?;
    role.decides_on("turns", app::questions::NotWritten(env()))?;
    role.decides_on("evaluation", app::evaluation::Transcribed(env()))?;
    role.decides_on("evaluation", app::evaluation::NotTranscribed(env()))?;
    role.decides_on("evaluation", app::evaluation::Scored(env()))?;
    role.decides_on("evaluation", app::evaluation::NotScored(env()))?;
    role.decides_on("evaluation", app::evaluation::Summarized(env()))?;
    role.decides_on("evaluation", app::evaluation::NotSummarized(env()))?;
    role.decides_on("progress", app::status::FollowCall(env()))?;
    role.decides_on("progress", app::status::LearnEnd(env()))?;
    role.decides_on("progress", app::status::Settle(env()))?;
    role.decides_on("progress", app::dial::Dial(env()))?;
    role.decides_on("progress", app::dial::Placed)?;
    role.decides_on("progress", app::dial::Refused(env()))?;
    role.decides_on("progress", app::speech::Spoken)?;
    role.decides_on("progress", app::speech::NotSpoken)?;
    role.decides_on("progress", app::flows::Define(env()))?;
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
        warn!(error = %e, "the coach's prompts are made when a caller calls, not before");
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
