#![doc = include_str!("../README.md")]

mod app;
mod db;
mod http;

use role::{Error, Parts, Role, RoleSpec};

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "calls",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(start(parts)),
};

async fn start(parts: &Parts) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, _) = role.with_store(db::MIGRATIONS).await?;
    role.decides(app::forward::Forward)?;
    role.decides(app::whisper::AskToAccept)?;
    role.decides(app::progress::FinishDial)?;
    role.decides(app::progress::FollowStatus)?;
    role.decides(app::progress::Settle)?;
    role.decides(app::progress::ReadLookup)?;
    role.decides(app::interviews::NoteStarted)?;
    role.decides(app::interviews::NoteAnswer)?;
    role.decides(app::interviews::NoteEnded)?;
    role.decides(app::interviews::NoteEvaluated)?;
    role.decides(app::texts::NoteSent)?;
    role.decides(app::texts::NoteRefused)?;
    role.serves(
        http::ROUTES,
        http::State {
            store,
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
        },
    );
    Ok(role)
}

/// What the tests look at. Not for others.
#[doc(hidden)]
pub mod door {
    pub use crate::app::forward::Forward;
    pub use crate::app::interviews::{NoteAnswer, NoteEnded, NoteEvaluated, NoteStarted};
    pub use crate::app::progress::{FinishDial, FollowStatus, ReadLookup, Settle};
    pub use crate::app::texts::{NoteRefused, NoteSent};
    pub use crate::app::whisper::AskToAccept;
    pub use crate::db::{CallRow, LineRow, MIGRATIONS, call_find, timeline_list};
}
