//! The `trunkline` binary: picks roles, wires the parts, and carries the commands.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.

mod apply;
mod call;
mod cli;
mod client;
mod demo;
mod deployment;
mod doctor;
#[cfg(test)]
mod documentation;
mod emulate;
mod event_commands;
mod interview;
mod local;
mod migrate;
mod numbers;
mod roles;
mod script;
mod signature;
mod terminal;
mod timeline_printer;
mod up;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

/// A profile of ingress under load had a quarter of its samples in the C library, mostly in `malloc`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a command ends when it does not end well.
#[derive(Debug)]
pub enum Failure {
    /// Exit 1.
    Failed(String),
    /// Exit 2: the usage or the configuration is wrong.
    Usage(String),
}

impl Failure {
    fn failed(what: impl std::fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }
}

impl From<role::Error> for Failure {
    fn from(e: role::Error) -> Self {
        match e {
            role::Error::Settings(words) => Self::Usage(words),
            role::Error::Bus(bus::Error::Config(words))
            | role::Error::Store(store::Error::Config(words)) => Self::Usage(words),
            other => Self::Failed(with_source(&other)),
        }
    }
}

impl From<role::settings::Faults> for Failure {
    fn from(faults: role::settings::Faults) -> Self {
        Self::Usage(faults.to_string())
    }
}

fn with_source(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        source = inner.source();
    }
    words
}

fn main() -> ExitCode {
    // Two providers are in the tree; rustls wants to be told which.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
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
        Command::Roles => {
            terminal::say(deployment::role_list());
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
