#![doc = include_str!("../README.md")]

mod app;
mod db;
mod effects;
mod http;
mod inputs;
mod journal_file;
mod live;
mod recording;
pub mod replay;

use std::path::PathBuf;
use std::time::Duration;

use ai::Ai;
use events::Event;
use events::v1::{CallEnded, RecordingPause, RecordingResume};
use inputs::{Inputs, Keep};
use live::{Decide, Lines, Listeners, Mind, Teller, ToolSecrets, Voice};
use objects::Objects;
use outbound::{Outbound, Reach};
use recording::{Archive, Recording, Segments};
use role::budget::Budget;
use role::{Error, Parts, Role, RoleSpec};
use settings::Secret;

/// What the fuzz targets feed. Not for others.
#[doc(hidden)]
pub mod test_support {
    /// Reads a text as a message of either protocol, of a stream that has begun and of one that has not.
    pub fn read_message(text: &str) {
        let _ = crate::live::wire::read(text, None);
        let _ = crate::live::wire::read(text, Some("MZ1"));
        let _ = crate::live::words_wire::read(text);
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
    role.decides(app::Offer {
        public_url: parts.settings.public_url(),
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
    let drained = lines.clone().drain(parts.settings.drain);
    role.drains(async move {
        drained.await;
        // The data folder may not outlive the process.
        let last = async { tokio::join!(archive.round(), keep.round()) };
        let _ = tokio::time::timeout(LAST_FILES, last).await;
    });
    role.serves(
        http::ROUTES,
        http::State {
            parts: parts.clone(),
            teller: Teller {
                store,
                relay,
                bus: parts.bus.clone(),
                clock: parts.clock.clone(),
            },
            voice: Voice::new(ai.clone(), budget.clone()),
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
