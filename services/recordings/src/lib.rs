#![doc = include_str!("../README.md")]

mod app;
mod db;
mod effects;
mod http;
mod sweep;
mod wishes;

use objects::Objects;
use role::{Accounts, Parts, Role, RoleSpec};

pub use app::Timings;

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "recordings",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// The role with other waits, for tests that are in a hurry.
///
/// # Errors
/// As [`RoleSpec::start`].
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, role::Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    let objects = Objects::open(parts.settings.object_store());
    role.decides_on("calls", app::calls::OpenCall(timings.clone()))?;
    role.decides_on("calls", app::calls::EndCall(timings.clone()))?;
    role.decides_on("progress", app::status::FollowStatus(timings.clone()))?;
    role.decides_on(
        "progress",
        app::status::Adopt(timings.clone(), parts.directory.clone()),
    )?;
    role.decides_on("progress", app::fetched::TakeFetched)?;
    role.decides_on("progress", app::fetched::TakeMissed)?;
    role.decides_on("progress", app::tracks::TakeTrack)?;
    role.decides_on("progress", app::check::Check)?;
    role.decides_on("progress", app::check::TakeListed(timings.clone()))?;
    role.decides_on("progress", app::compare::TakeCompared)?;
    role.decides_on("progress", app::gaps::NoteGap)?;
    role.decides_on("progress", app::expire::Expire)?;
    role.decides_on("progress", app::storage::TakeReclassed)?;
    role.decides_on("progress", app::erase::Forget)?;
    role.decides_on("progress", app::transcript::TakeTranscribed)?;
    let accounts = Accounts::new(parts);
    role.performs(effects::Fetch {
        accounts: accounts.clone(),
        objects: objects.clone(),
        clock: parts.clock.clone(),
        first_wait: timings.first_wait,
    })?;
    role.performs(effects::Erase {
        objects: objects.clone(),
    })?;
    role.performs(effects::Look { accounts })?;
    role.performs(effects::Reclass {
        objects: objects.clone(),
    })?;
    let wishes = wishes::Wishes::new(parts, timings.answer);
    role.performs(effects::Compare {
        objects: objects.clone(),
        wishes: wishes.clone(),
    })?;
    role.performs(effects::AskHold {
        store: store.clone(),
        wishes: wishes.clone(),
    })?;
    role.performs(effects::Known(store.clone()))?;
    let sweep = sweep::Sweep::new(
        parts,
        store.clone(),
        objects.clone(),
        wishes.clone(),
        timings.sweep,
    );
    role.runs(sweep.run());
    role.serves(
        http::ROUTES,
        http::State::new(parts, store, relay, objects, wishes),
    );
    Ok(role)
}

/// What the tests look at. Not for others.
#[doc(hidden)]
pub mod test_support {
    pub use crate::db::{
        CallRow, MIGRATIONS, RecordingRow, call_find, lease_held, lease_take, recording_list,
    };
}
