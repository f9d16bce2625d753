//! `trunkline emulator`: the local Twilio alone, for any application, or beside a platform whose processes are elsewhere.

use std::time::Duration;

use emulator::{Config, Emulator, Running};
use role::Parts;
use settings::{Environment, Settings};
use twilio_api::Client as Twilio;

use crate::Failure;
use crate::cli::EmulatorArgs;
use crate::client::Client;
use crate::numbers::NumbersLine;
use crate::terminal::{Colour, complain, paint, say};
use crate::up::{seed, wait_for_shutdown};

/// How often the platform is asked for numbers that are new.
const AGAIN: Duration = Duration::from_secs(2);

/// Runs until it is asked to stop.
pub async fn run(args: EmulatorArgs) -> Result<(), Failure> {
    let beside = args.platform.as_deref().map(|url| Beside::read(&args, url));
    let beside = beside.transpose()?;
    let running = Emulator::start(config(&args, beside.as_ref()))
        .await
        .map_err(|e| match e {
            emulator::Error::Setting { .. } => Failure::Usage(e.to_string()),
            e => Failure::failed(crate::with_source(&e)),
        })?;
    banner(&running);
    match &beside {
        Some(beside) => tokio::select! {
            end = wait_for_shutdown() => end?,
            end = beside.follow(&running) => end?,
        },
        None => wait_for_shutdown().await?,
    }
    running.stop().await;
    Ok(())
}

fn config(args: &EmulatorArgs, beside: Option<&Beside>) -> Config {
    let made_up = |prefix: &str| Parts::made_up(prefix).reveal().to_owned();
    let account = beside.and_then(|beside| beside.settings.account.as_ref());
    let sid = account.map(|account| account.sid.clone());
    let token = account.and_then(|account| Some(account.tokens.first()?.reveal().to_owned()));
    Config {
        bind: args.bind.clone(),
        port: args.port,
        account_sid: args
            .account_sid
            .clone()
            .or(sid)
            .unwrap_or_else(|| made_up("AC")),
        auth_token: args
            .auth_token
            .clone()
            .or(token)
            .unwrap_or_else(|| made_up("")),
        speed: args.speed,
        seed: args.seed,
        public_base_url: args.public_url.clone(),
    }
}

fn banner(running: &Running) {
    let credentials = running.credentials();
    say(paint(Colour::Bold, "The emulator listens."));
    say(format!(
        "  base URL     {}   (in place of https://api.twilio.com)",
        running.base_url()
    ));
    say(format!("  account SID  {}", credentials.account_sid));
    say(format!("  auth token   {}", credentials.auth_token));
    say(
        "  controls     POST /emulator/calls, /emulator/messages, /emulator/faults, GET /emulator/log (Basic auth)",
    );
}

/// The platform beside which it runs.
struct Beside {
    url: String,
    api_key: String,
    settings: Settings,
}

impl Beside {
    fn read(args: &EmulatorArgs, url: &str) -> Result<Self, Failure> {
        let settings = Settings::load(&Environment, Some(args.place.config()))?;
        let key = settings.admin_api_key.as_ref();
        let api_key = args.api_key.clone();
        let api_key = api_key.or_else(|| Some(key?.reveal().to_owned()));
        let Some(api_key) = api_key else {
            return Err(Failure::Usage(
                "--platform needs an API key: give --api-key, or set TRUNKLINE_ADMIN_API_KEY"
                    .into(),
            ));
        };
        Ok(Self {
            url: url.to_owned(),
            api_key,
            settings,
        })
    }

    /// Takes over the platform's numbers as they come. A platform that is away is asked again.
    async fn follow(&self, running: &Running) -> Result<(), Failure> {
        let credentials = running.credentials();
        let (sid, token) = (&credentials.account_sid, &credentials.auth_token);
        let local = format!("http://127.0.0.1:{}", running.port());
        let webhooks = self.settings.webhook_base_url.is_some();
        let line = NumbersLine {
            client: Client::with(&self.url, self.api_key.clone()),
            twilio: Twilio::new(&local, sid, token).map_err(Failure::failed)?,
            handle: running.handle(),
            public_url: match webhooks {
                true => self.settings.public_url(),
                false => self.url.trim_end_matches('/').to_owned(),
            },
        };
        let mut told = false;
        loop {
            let given = match seed(&line.client).await {
                Ok(()) => line.give().await,
                Err(e) => Err(e),
            };
            match given {
                Ok(()) => told = false,
                Err(Failure::Failed(why) | Failure::Usage(why)) if !told => {
                    complain(format!(
                        "the platform's numbers are not to be had yet: {why}"
                    ));
                    told = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
