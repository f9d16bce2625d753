#![doc = include_str!("../README.md")]

mod app;
mod db;
mod http;
pub use db::MIGRATIONS;
pub use http::ROUTES;

use role::{Error, Parts, Role};

/// The role, ready to start.
pub async fn role(parts: &Parts) -> Result<Role, Error> {
    let mut role = Role::new("calls", parts);
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
