#![doc = include_str!("../README.md")]

mod app;
mod db;
mod http;
mod sweep;

use std::sync::Arc;

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
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    let directory = parts.directory.clone();
    let own_numbers = Arc::new(move |number: &str| match directory.entry(number) {
        Some(_) => Some(true),
        None => directory.is_loaded().then_some(false),
    });
    role.decides(app::forward::Forward {
        own_numbers,
        public_url: parts.settings.public_url(),
    })?;
    role.decides(app::whisper::AskToAccept)?;
    role.decides(app::progress::FinishDial)?;
    role.decides_on("progress", app::progress::FollowStatus)?;
    role.decides_on("progress", app::check::Settle)?;
    role.decides_on("progress", app::check::ReadLookup)?;
    role.decides_on("timeline", app::interviews::LogInterviewStarted)?;
    role.decides_on("timeline", app::interviews::LogAnswer)?;
    role.decides_on("timeline", app::interviews::LogInterviewEnded)?;
    role.decides_on("timeline", app::interviews::LogInterviewEvaluated)?;
    role.decides_on("timeline", app::texts::LogMessageSent)?;
    role.decides_on("timeline", app::texts::LogMessageRefused)?;
    role.decides_on("timeline", app::texts::LogMessageFailed)?;
    role.decides_on("timeline", app::customers::LogOptOut)?;
    role.decides_on("timeline", app::streams::LogStreamStarted)?;
    role.decides_on("timeline", app::streams::LogTurn)?;
    role.decides_on("timeline", app::streams::LogStreamEnded)?;
    role.decides_on("timeline", app::recordings::LogStored)?;
    role.decides_on("timeline", app::recordings::LogAbsent)?;
    role.decides_on("timeline", app::recordings::LogDeleted)?;
    role.decides_on("timeline", app::erase::Forget)?;
    role.decides_on("timeline", app::erase::Expire)?;
    role.decides(app::notes::KeepNotes)?;
    role.runs(sweep::run(
        store.clone(),
        parts.clock.clone(),
        parts.stopping.clone(),
    ));
    role.serves(
        http::ROUTES,
        http::State {
            store,
            relay,
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            public_url: parts.settings.public_url(),
            whitelist: parts.settings.whitelist.clone(),
        },
    );
    Ok(role)
}

/// What the tests look at. Not for others.
#[doc(hidden)]
pub mod test_support {
    pub use crate::app::check::{ReadLookup, Settle};
    pub use crate::app::forward::Forward;
    pub use crate::app::interviews::{
        LogAnswer, LogInterviewEnded, LogInterviewEvaluated, LogInterviewStarted,
    };
    pub use crate::app::progress::{FinishDial, FollowStatus};
    pub use crate::app::texts::{LogMessageRefused, LogMessageSent};
    pub use crate::app::whisper::AskToAccept;
    pub use crate::db::{CallRow, LineRow, MIGRATIONS, call_find, timeline_list};
    pub use crate::sweep::sweep;
}
