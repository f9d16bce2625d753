#![doc = include_str!("../README.md")]

mod effects;
mod http;
mod prompts;
mod providers;
mod recordings;
mod results;
mod sides;
mod sweep;
mod text;
mod timings;
mod usage;

use std::sync::Arc;

use ai::Ai;
use objects::Objects;
use role::budget::Budget;
use role::{Accounts, Parts, Role, RoleSpec};
use settings::Settings;

use providers::Speaker;
use recordings::Recordings;
use results::Results;
use sweep::Sweep;
pub use sweep::result_prefixes;

pub use timings::Timings;

/// Where results and prompts are kept, for whoever asks whether it is there. Nothing is opened yet.
pub fn object_store(settings: &Settings) -> Objects {
    Objects::open(settings.object_store())
}

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "scoring",
    routes: &[http::ROUTES],
    migrations: None,
    start: |parts| Box::pin(role_with_timings(parts, Timings::default())),
};

/// The role with other waits, for tests that are in a hurry.
///
/// # Errors
/// As [`RoleSpec::start`].
pub async fn role_with_timings(parts: &Parts, timings: Timings) -> Result<Role, role::Error> {
    let settings = &parts.settings;
    let mut role = Role::new(ROLE.name, parts);
    let ai = Ai::new(settings.providers(), parts.clock.clone())
        .map_err(|e| role::Error::Settings(e.to_string()))?;
    let looked_at = ai.clone();
    role.complains(
        "scoring.providers",
        Arc::new(move || {
            let resting = looked_at.resting();
            (!resting.is_empty())
                .then(|| format!("{} failed and rests for a moment", resting.join(", ")))
        }),
    );
    let objects = object_store(settings);
    let speaker = Speaker::of(settings);
    let timings = Arc::new(timings);
    let budget = Budget::new(parts);
    role.runs(budget.clone().keep_fresh(parts.stopping.clone()));
    let results = Results {
        objects: objects.clone(),
        locks: Arc::default(),
        timings: timings.clone(),
        timeline: parts.timeline.clone(),
        clock: parts.clock.clone(),
        budget: budget.clone(),
    };
    role.performs(effects::Transcribe {
        results: results.clone(),
        ai: ai.clone(),
        recordings: Recordings {
            accounts: Accounts::new(parts),
            objects: objects.clone(),
            clock: parts.clock.clone(),
            first_wait: timings.recording,
            looking: timings.looking,
            stopping: parts.stopping.clone(),
        },
    })?;
    role.performs(effects::Transcript {
        results: results.clone(),
        ai: ai.clone(),
        clock: parts.clock.clone(),
        first_wait: timings.recording,
    })?;
    role.performs(effects::Score {
        results: results.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::Write {
        results: results.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::Draft {
        results: results.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::SumUp {
        results: results.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::SumUpCall {
        results: results.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::Forget {
        objects: objects.clone(),
    })?;
    let speak = effects::Speak {
        results,
        ai,
        speaker,
    };
    role.performs_on("speech", effects::Restore(speak.clone()))?;
    role.performs(speak)?;
    role.runs(Sweep::new(parts, objects.clone(), timings.sweep).run());
    role.serves(http::ROUTES, http::State::new(settings, objects, speaker));
    Ok(role)
}
