#![doc = include_str!("../README.md")]

mod effects;
mod http;
mod once;
mod prompts;
mod providers;
mod recordings;
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

use once::Once;
use providers::Speaker;
use recordings::Recordings;
use sweep::Sweep;

pub use timings::Timings;

/// Where results and prompts are kept, for whoever asks whether it is there. Nothing is opened yet.
pub fn object_store(settings: &Settings) -> Objects {
    Objects::open(settings.object_store())
}

/// The folders of the object store in which results of an interview are, for whoever collects them.
pub fn result_prefixes(interview_id: &str) -> Vec<String> {
    let prefix = |kind: &str| format!("ai/{kind}/{interview_id}.");
    sweep::KINDS.iter().map(|kind| prefix(kind)).collect()
}

/// Who is asked, with everything filled in that was left unset.
pub fn provider_settings(settings: &Settings) -> ai::Settings {
    providers::ai(settings)
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
    let ai = Ai::new(provider_settings(settings), parts.clock.clone())
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
    let once = Once {
        objects: objects.clone(),
        turns: Arc::default(),
        timings: timings.clone(),
        timeline: parts.timeline.clone(),
        clock: parts.clock.clone(),
        budget: budget.clone(),
    };
    role.performs(effects::Transcribe {
        once: once.clone(),
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
        once: once.clone(),
        ai: ai.clone(),
        clock: parts.clock.clone(),
        first_wait: timings.recording,
    })?;
    role.performs(effects::Score {
        once: once.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::Write {
        once: once.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::Draft {
        once: once.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::SumUp {
        once: once.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::SumUpCall {
        once: once.clone(),
        ai: ai.clone(),
    })?;
    role.performs(effects::Forget {
        objects: objects.clone(),
    })?;
    let speak = effects::Speak { once, ai, speaker };
    role.performs_on("speech", effects::Restore(speak.clone()))?;
    role.performs(speak)?;
    role.runs(Sweep::new(parts, objects.clone(), timings.sweep).run());
    role.serves(http::ROUTES, http::State::new(settings, objects, speaker));
    Ok(role)
}
