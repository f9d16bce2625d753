#![doc = include_str!("../README.md")]

mod app;
mod db;
mod effects;
mod http;
mod inputs;
mod journal_file;
mod live;
mod presence;
mod recording;
pub mod replay;

use std::path::PathBuf;
use std::time::Duration;

use ai::Ai;
use events::Event;
use events::v1::{CallEnded, RecordingPause, RecordingResume};
use inputs::{Inputs, Keep};
use live::{Decide, Early, Lines, Listeners, Mind, Teller, ToolSecrets, Voice};
use objects::Objects;
use outbound::{Outbound, Reach};
use presence::Presence;
pub use presence::Timings;
use recording::{Archive, Recording, Segments};
use role::budget::Budget;
use role::{Error, Parts, Role, RoleSpec};
use settings::Secret;
use tokio_util::sync::CancellationToken;

/// What the fuzz targets feed. Not for others.
#[doc(hidden)]
pub mod test_support {
    /// Reads a text as a message of either protocol, of a stream that has begun and of one that has not.
    pub fn read_message(text: &str) {
        let _ = crate::live::wire::read(text, None);
        let _ = crate::live::wire::read(text, Some("MZ1"));
        let _ = crate::live::words_wire::read(text);
    }

    /// The role's migrations.
    pub const MIGRATIONS: store::Migrations = crate::db::MIGRATIONS;

    /// What a process leaves that was killed, or has yet to tell that it lives: an offered session that it has taken, and until when it
    /// counts as living.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn held_by(
        store: &store::Store,
        session: &str,
        process: &str,
        since: clock::Time,
        until: clock::Time,
    ) -> Result<(), store::Error> {
        let mut tx = store.begin().await?;
        crate::db::session_claim(&mut tx, session, process, since).await?;
        let process = crate::db::Process {
            id: process.to_owned(),
            until: until.into(),
        };
        crate::db::process_tell(&mut tx, &process).await?;
        tx.commit().await
    }

    /// A session that was offered is as a version before would have left it, without its call's id.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn of_a_version_before(
        store: &store::Store,
        session: &str,
    ) -> Result<(), store::Error> {
        let mut tx = store.begin().await?;
        crate::db::session_without_call_id(&mut tx, session).await?;
        tx.commit().await
    }

    /// A live session is another process's from now on.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn given_to(
        store: &store::Store,
        session: &str,
        process: &str,
        since: clock::Time,
    ) -> Result<(), store::Error> {
        let mut tx = store.begin().await?;
        crate::db::session_give(&mut tx, session, process, since).await?;
        tx.commit().await
    }
}

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "streams",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(start(parts)),
};

/// How long the last live recordings may take to be stored when the process is stopped.
const LAST_FILES: Duration = Duration::from_secs(10);

async fn start(parts: &Parts) -> Result<Role, Error> {
    role_with_timings(parts, Timings::default()).await
}

/// The role with other times than those of operations: for tests.
///
/// # Errors
/// As the role's start.
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    let settings = parts.settings.providers();
    let ai = Ai::new(settings, parts.clock.clone()).map_err(|e| Error::Settings(e.to_string()))?;
    let budget = Budget::new(parts);
    role.runs(budget.clone().keep_fresh(parts.stopping.clone()));
    let outbound = Outbound::new("trunkline").map_err(|e| Error::Settings(e.to_string()))?;
    // Parts cannot be opened without one.
    let secret = parts.settings.secret_key.clone();
    let secret = secret.unwrap_or_else(|| Secret::new(parts.clock.id()));
    role.performs(effects::Look {
        bus: parts.bus.clone(),
        clock: parts.clock.clone(),
    })?;
    let voice = Voice::new(ai.clone(), budget.clone());
    let early = Early::new(voice.clone());
    role.decides(app::Offer {
        public_url: parts.settings.public_url(),
        early: early.clone(),
        secret: secret.clone(),
    })?;
    role.decides(app::Whisper)?;
    role.decides_on("summaries", app::Summarized)?;
    role.decides_on("summaries", app::NotSummarized)?;
    role.decides_on("erasures", app::Forget)?;
    role.decides_on("erasures", app::Expire)?;
    let lines = Lines::default();
    let recording = Recording::new(folder(parts, "live")?);
    let inputs = Inputs::new(folder(parts, "inputs")?);
    let objects = Objects::open(parts.settings.object_store());
    let archive = Archive {
        recording: recording.clone(),
        segments: Segments::new(objects.clone()),
        objects: objects.clone(),
        store: store.clone(),
        bus: parts.bus.clone(),
        clock: parts.clock.clone(),
        stopping: parts.stopping.clone(),
    };
    let keep = Keep {
        inputs: inputs.clone(),
        objects: objects.clone(),
        store: store.clone(),
        clock: parts.clock.clone(),
        stopping: parts.stopping.clone(),
    };
    role.runs(archive.clone().run());
    role.runs(keep.clone().run());
    role.runs(held(parts.clone(), recording.clone()));
    let teller = Teller {
        store: store.clone(),
        relay,
        bus: parts.bus.clone(),
        clock: parts.clock.clone(),
        process: parts.clock.id(),
    };
    let gone = CancellationToken::new();
    let presence = Presence {
        store,
        teller: teller.clone(),
        clock: parts.clock.clone(),
        timings,
        gone: gone.clone(),
    };
    role.runs(presence.run());
    let drained = lines.clone().drain(parts.settings.drain);
    role.drains(async move {
        drained.await;
        gone.cancel();
        // The data folder may not outlive the process.
        let last = async { tokio::join!(archive.round(), keep.round()) };
        let _ = tokio::time::timeout(LAST_FILES, last).await;
    });
    role.serves(
        http::ROUTES,
        http::State {
            parts: parts.clone(),
            teller,
            voice,
            early,
            mind: Mind {
                decide: Decide {
                    bus: parts.bus.clone(),
                    clock: parts.clock.clone(),
                },
                ai,
                budget,
                outbound,
                secrets: ToolSecrets::new(secret),
                reach: match parts.settings.asks_private_addresses(false) {
                    true => Reach::Private,
                    false => Reach::Public,
                },
                bus: parts.bus.clone(),
                clock: parts.clock.clone(),
            },
            lines,
            listeners: Listeners::default(),
            recording,
            inputs,
            objects,
            workers: tokio::runtime::Handle::current(),
        },
    );
    Ok(role)
}

/// A folder of the data folder for what is written while calls live.
fn folder(parts: &Parts, name: &str) -> Result<PathBuf, Error> {
    let dir = parts.settings.data_dir.join(name);
    std::fs::create_dir_all(&dir).map_err(|source| Error::Io {
        what: format!(
            "the folder {}, for what is written while calls live, cannot be made; choose another data folder with --data-dir",
            dir.display()
        ),
        source,
    })?;
    Ok(dir)
}

/// Hears which recordings are held.
async fn held(parts: Parts, recording: Recording) {
    let commands = [RecordingPause::TYPE, RecordingResume::TYPE, CallEnded::TYPE];
    directory::listen(&parts.bus, &commands, &parts.stopping, |heard| {
        if let Some(envelope) = heard {
            recording.heard(envelope);
        }
    })
    .await;
}
