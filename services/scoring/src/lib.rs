#![doc = include_str!("../README.md")]

mod accounts;
mod effects;
mod http;
mod once;
mod prompts;
mod providers;
mod recordings;
mod text;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use ai::Ai;
use objects::Objects;
use role::settings::Settings;
use role::{Parts, Role, RoleSpec};

use accounts::Accounts;
use once::Once;
use providers::Speaker;
use recordings::Recordings;

/// How patient the role is; a test is in more of a hurry.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How often a command is tried before it is given up and its asker told.
    pub attempts: u32,
    /// The waits between those.
    pub retry_delays: Vec<Duration>,
    /// The wait before a recording that is not there yet is asked for again; it doubles each time.
    pub recording: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            attempts: 3,
            retry_delays: bus_delays(),
            recording: Duration::from_millis(500),
        }
    }
}

/// Short ones: somebody is on the phone. What has not worked by then is told as not done.
fn bus_delays() -> Vec<Duration> {
    [1, 5, 15].map(Duration::from_secs).to_vec()
}

/// Where results and prompts are kept, for whoever asks whether it is there. Nothing is opened yet.
pub fn object_store(settings: &Settings) -> Objects {
    Objects::open(settings.object_store())
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
    let objects = object_store(settings);
    let speaker = Speaker::of(settings);
    let timings = Arc::new(timings);
    let once = Once {
        objects: objects.clone(),
        turns: Arc::default(),
        timings: timings.clone(),
    };
    role.performs(effects::Transcribe {
        once: once.clone(),
        ai: ai.clone(),
        recordings: Recordings {
            accounts: Accounts::new(parts),
            clock: parts.clock.clone(),
            first_wait: timings.recording,
        },
    });
    role.performs(effects::Score {
        once: once.clone(),
        ai: ai.clone(),
    });
    role.performs(effects::Write {
        once: once.clone(),
        ai: ai.clone(),
    });
    role.performs(effects::SumUp {
        once: once.clone(),
        ai: ai.clone(),
    });
    role.performs(effects::Speak { once, ai, speaker });
    role.serves(http::ROUTES, http::State::new(settings, objects, speaker));
    Ok(role)
}
