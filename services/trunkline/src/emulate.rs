//! `trunkline emulator`: the local Twilio alone.

use emulator::{Config, Emulator};
use role::Parts;

use crate::Failure;
use crate::cli::EmulatorArgs;
use crate::terminal::{Colour, paint, say};
use crate::up::wait_for_shutdown;

/// Runs until it is asked to stop.
pub async fn run(args: EmulatorArgs) -> Result<(), Failure> {
    let made_up = |prefix: &str| Parts::made_up(prefix).reveal().to_owned();
    let config = Config {
        port: args.port,
        account_sid: args.account_sid.unwrap_or_else(|| made_up("AC")),
        auth_token: args.auth_token.unwrap_or_else(|| made_up("")),
        speed: args.speed,
        seed: args.seed,
        ..Config::default()
    };
    let running = Emulator::start(config).await.map_err(|e| match e {
        emulator::Error::Setting { .. } => Failure::Usage(e.to_string()),
        e => Failure::failed(crate::with_source(&e)),
    })?;
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
    wait_for_shutdown().await?;
    running.stop().await;
    Ok(())
}
