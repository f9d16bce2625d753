//! The `trunkline` binary: picks roles, wires the parts, and carries the commands.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.

mod apply;
mod archive;
mod archived;
mod call;
mod cli;
mod client;
mod demo;
mod demo_conversation;
mod deployment;
mod doctor;
#[cfg(test)]
mod documentation;
mod draft;
mod emulate;
mod event_commands;
mod export;
mod failure;
mod forget;
mod import;
mod interview;
mod local;
mod migrate;
mod numbers;
mod person;
mod person_rules;
mod replay;
mod reseal;
mod roles;
mod runtime;
mod script;
mod signature;
mod terminal;
mod timeline_printer;
#[cfg(test)]
mod toy_role;
mod until;
mod up;
mod voices;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
pub use failure::Failure;
use failure::with_source;

/// A profile of ingress under load had a quarter of its samples in the C library, mostly in `malloc`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Two providers are in the tree; rustls wants to be told which.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let runtime = match runtime::build(&cli.command) {
        Ok(runtime) => runtime,
        Err(e) => {
            return end(Err(Failure::failed(format!(
                "the runtime cannot start: {e}"
            ))));
        }
    };
    end(runtime.block_on(run(cli.command)))
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Up(args) => up::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Call(args) => call::run(args).await,
        Command::Apply(args) => apply::run(args).await,
        Command::Emulator(args) => emulate::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Events(args) => event_commands::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Reseal(args) => reseal::run(args).await,
        Command::Export(args) => Box::pin(export::run(args)).await,
        Command::Import(args) => Box::pin(import::run(args)).await,
        Command::Forget(args) => forget::run(args).await,
        Command::Replay(args) => Box::pin(replay::run(args)).await,
        Command::Roles => {
            terminal::say(deployment::role_list(roles::ROLES));
            Ok(())
        }
    }
}

fn end(result: Result<(), Failure>) -> ExitCode {
    let (code, words) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(words)) => (1, words),
        Err(Failure::Usage(words)) => (2, words),
    };
    terminal::complain(&words);
    ExitCode::from(code)
}
