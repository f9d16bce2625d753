//! `trunkline up`: the roles, the emulator beside them, and the way to an orderly end.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use clock::Clock;
use emulator::{Emulator, Running};
use role::{Parts, Platform, RoleSpec};
use serde_json::Value;
use settings::{Settings, TwilioAccount};
use telemetry::Telemetry;
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;
use twilio_api::Client as Twilio;

use crate::Failure;
use crate::cli::{COMMIT, UpArgs};
use crate::client::Client;
use crate::local::{self, Complete, Local};
use crate::numbers::NumbersLine;
use crate::roles::ROLES;
use crate::terminal::{Colour, paint, say};

/// The businesses of a laptop that has none yet.
pub const SAMPLE: &str = include_str!("../samples/tenants.yaml");

/// A platform that runs, and the emulator beside it.
pub struct LocalPlatform {
    pub platform: Platform,
    pub emulator: Option<Running>,
    pub account: Option<TwilioAccount>,
    pub api_key: String,
    pub url: String,
}

/// Runs until it is asked to stop.
pub async fn run(args: UpArgs) -> Result<(), Failure> {
    let roles = chosen(&args.role, ROLES)?;
    let alone = roles.len() < ROLES.len();
    let settings = local::settings(&args.place, args.port)?;
    let complete = local::complete(settings, alone)?;
    let telemetry = Telemetry::install(&complete.settings)?;
    let unseen = complete.key_is_unseen;
    // From here on, so that an end that is asked for early is an orderly one too.
    let mut shutdown_signal = pin!(shutdown_signal()?);
    let local_platform = tokio::select! {
        local_platform = LocalPlatform::start(complete, &roles, 1.0) => local_platform?,
        end = shutdown_signal.as_mut() => return end,
    };
    if !alone {
        local_platform.seed().await?;
    }
    local_platform.remember(!alone)?;
    let link = local_platform.sign_in_link(&roles).await;
    local_platform.banner(&roles, unseen, link.as_deref());
    if unseen {
        local_platform.key_was_shown()?;
    }
    shutdown_signal.await?;
    local_platform.stop().await;
    telemetry.flush().await;
    Ok(())
}

/// Those of all roles that are named, in the order in which they start; all of them when none is.
pub fn chosen(named: &[String], all: &[RoleSpec]) -> Result<Vec<RoleSpec>, Failure> {
    if let Some(unknown) = named
        .iter()
        .find(|name| all.iter().all(|role| role.name != **name))
    {
        return Err(Failure::Usage(format!(
            "there is no role {unknown}; there are {}",
            names(all)
        )));
    }
    let is_chosen =
        |role: &&RoleSpec| named.is_empty() || named.iter().any(|name| name == role.name);
    Ok(all.iter().filter(is_chosen).copied().collect())
}

/// Starts some of all roles. Behind one address there may be several processes: each describes the routes of all.
pub async fn start_roles(
    settings: Settings,
    roles: &[RoleSpec],
    all: &[RoleSpec],
) -> Result<Platform, Failure> {
    let mut parts = Parts::open(settings, Clock::system()).await?;
    parts.commit = COMMIT.unwrap_or_default();
    parts.roles = all.iter().map(|role| role.name).collect();
    let mut started = Vec::new();
    for role in roles {
        started.push(role.start(&parts).await?);
    }
    let known: Vec<_> = all.iter().flat_map(RoleSpec::tables).collect();
    Ok(Platform::start_knowing(parts, started, &known).await?)
}

fn names(roles: &[RoleSpec]) -> String {
    let names: Vec<_> = roles.iter().map(|role| role.name).collect();
    names.join(", ")
}

impl LocalPlatform {
    /// Starts emulator and roles. `speed` is the emulator's.
    pub async fn start(
        complete: Complete,
        roles: &[RoleSpec],
        speed: f64,
    ) -> Result<Self, Failure> {
        let Complete {
            mut settings,
            local,
            ..
        } = complete;
        let emulator = if settings.runs_emulator()
            && (roles.len() == ROLES.len() || settings.emulator == settings::EmulatorMode::On)
        {
            Some(start_emulator(&mut settings, &local, speed).await?)
        } else {
            None
        };
        let account = settings.account.clone();
        let api_key = settings
            .admin_api_key
            .as_ref()
            .map(|k| k.reveal().to_owned())
            .unwrap_or_default();
        let platform = start_roles(settings, roles, ROLES).await?;
        let url = platform.parts().settings.local_url(platform.port());
        let local_platform = Self {
            platform,
            emulator,
            account,
            api_key,
            url,
        };
        local_platform.follow_numbers();
        Ok(local_platform)
    }

    /// Tells the other commands of the data folder where this platform is. Only of one that has started: another may run on
    /// the same folder. `whole`: every role is here.
    pub fn remember(&self, whole: bool) -> Result<(), Failure> {
        let emulator = self.emulator.as_ref().map(Running::base_url);
        if !whole && emulator.is_none() {
            return Ok(());
        }
        Local::change(self.data_dir(), |local| {
            local.emulator_url = emulator;
            if whole {
                local.platform_url = Some(self.url.clone());
            }
        })
    }

    /// What was remembered is over, unless it is of another platform by now.
    fn forget(&self) {
        let dir = self.data_dir();
        let ours = Some(self.url.as_str());
        if Local::read(dir).is_none_or(|local| local.platform_url.as_deref() != ours) {
            return;
        }
        let forgotten = Local::change(dir, |local| {
            local.platform_url = None;
            local.emulator_url = None;
        });
        if let Err(e) = forgotten {
            warn!(error = ?e, "the data folder still says that this platform runs");
        }
    }

    /// The first API key is not shown again.
    pub fn key_was_shown(&self) -> Result<(), Failure> {
        Local::change(self.data_dir(), |local| local.key_shown = true)
    }

    fn data_dir(&self) -> &Path {
        &self.platform.parts().settings.data_dir
    }

    /// Applies the sample where there is nothing yet, and gives the emulator the numbers that there are.
    pub async fn seed(&self) -> Result<(), Failure> {
        if self.emulator.is_none() {
            return Ok(());
        }
        seed(&self.client()).await?;
        self.give_numbers().await
    }

    /// The platform's API.
    pub fn client(&self) -> Client {
        Client::with(&self.url, self.api_key.clone())
    }

    async fn give_numbers(&self) -> Result<(), Failure> {
        match self.numbers_line() {
            Some(line) => line.give().await,
            None => Ok(()),
        }
    }

    /// What a number needs to be given to the emulator.
    fn numbers_line(&self) -> Option<NumbersLine> {
        let (running, account) = (self.emulator.as_ref()?, self.account.as_ref()?);
        let token = account.tokens.first()?.reveal();
        let twilio = Twilio::new(&running.base_url(), &account.sid, token).ok()?;
        let public_url = self.platform.parts().settings.public_url();
        Some(NumbersLine {
            client: self.client(),
            twilio,
            handle: running.handle(),
            public_url,
        })
    }

    /// A number that is applied later rings as well.
    fn follow_numbers(&self) {
        let Some(line) = self.numbers_line() else {
            return;
        };
        tokio::spawn(line.follow(self.platform.parts().clone()));
    }

    /// A link that signs in once, as long as no operator has a name and password.
    async fn sign_in_link(&self, roles: &[RoleSpec]) -> Option<String> {
        let served = roles.iter().any(|role| role.name == console::ROLE.name);
        if !served {
            return None;
        }
        let made = self.client().post("/console/links", &Value::Null).await;
        let path = made.ok()?["path"].as_str()?.to_owned();
        Some(format!("{}{path}", self.url))
    }

    fn banner(&self, roles: &[RoleSpec], unseen: bool, link: Option<&str>) {
        let line = |name: &str, value: &str| {
            say(format!(
                "  {}  {value}",
                paint(Colour::Faint, &format!("{name:<10}"))
            ))
        };
        say(paint(Colour::Bold, "Trunkline is up."));
        line("address", &self.url);
        line("roles", &names(roles));
        if let Some(link) = link {
            line("sign in", &format!("{link}  (works once)"));
        }
        if unseen {
            line(
                "API key",
                &format!("{} (shown once; kept in the data folder)", self.api_key),
            );
        }
        if let (Some(running), Some(account)) = (&self.emulator, &self.account) {
            let token = account.tokens.first().map_or("", |t| t.reveal());
            line(
                "emulator",
                &format!(
                    "{}  account {}  token {token}",
                    running.base_url(),
                    account.sid
                ),
            );
            let mut numbers = running.handle().numbers();
            numbers.sort();
            if let Some(first) = numbers.first() {
                line(
                    "dial",
                    &format!("{}  (numbers: {})", first, numbers.join(", ")),
                );
                say("");
                say("Call it from another terminal:");
                say(format!(
                    "  trunkline call {first} --script services/trunkline/samples/missed.yaml"
                ));
            }
        }
    }

    /// Ends in order.
    pub async fn stop(self) {
        self.forget();
        if let Some(running) = self.emulator {
            running.stop().await;
        }
        // Whatever hangs must not keep the process from ending. Live calls may go on for a while first.
        let limit = self.platform.parts().settings.drain + Duration::from_secs(25);
        if tokio::time::timeout(limit, self.platform.stop())
            .await
            .is_err()
        {
            warn!(
                "something did not end in time; what it had in hand is delivered again at the next start"
            );
        }
    }
}

/// Applies the sample to a platform that has no business yet.
pub async fn seed(client: &Client) -> Result<(), Failure> {
    if client.get("/api/tenants/?limit=1").await?["items"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        let sample: Value = serde_yaml_ng::from_str(SAMPLE).map_err(Failure::failed)?;
        client.post("/api/apply", &sample).await?;
    }
    Ok(())
}

async fn start_emulator(
    settings: &mut Settings,
    local: &Local,
    speed: f64,
) -> Result<Running, Failure> {
    let account = local::emulated_account(settings, local);
    let port = match (settings.emulator_port, settings.port) {
        (Some(port), _) => port,
        (None, 0) => 0,
        (None, port) => port.saturating_add(1),
    };
    let config = emulator::Config {
        port,
        account_sid: account.sid.clone(),
        auth_token: account
            .tokens
            .first()
            .map(|t| t.reveal().to_owned())
            .unwrap_or_default(),
        speed,
        ..emulator::Config::default()
    };
    let running = Emulator::start(config).await.map_err(|e| match e {
        emulator::Error::Setting { .. } => Failure::Usage(e.to_string()),
        e => Failure::failed(format!(
            "the emulator cannot start: {}; choose another port with TRUNKLINE_EMULATOR_PORT",
            crate::with_source(&e)
        )),
    })?;
    let url = running.base_url();
    // Whoever asks later, whether prompts may be tones for example, is to know: `auto` goes by the account.
    settings.emulator = settings::EmulatorMode::On;
    settings.account = Some(account);
    settings.twilio_api_base_url = url.parse().ok();
    Ok(running)
}

/// Ctrl-C, or SIGTERM as Kubernetes sends it.
pub async fn wait_for_shutdown() -> Result<(), Failure> {
    shutdown_signal()?.await
}

/// The same, heard from now on.
fn shutdown_signal() -> Result<impl Future<Output = Result<(), Failure>>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}
