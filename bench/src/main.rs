#![doc = include_str!("../README.md")]

mod aims;
mod embedded;
mod load;
mod peers;
mod platform;
mod process;
mod reply;
mod report;
mod silence;
mod twilio;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use load::{Contender, Plan};
use report::Report;

/// The benchmarks of `make bench`. They load 127.0.0.1 only and end only what they started.
#[derive(Parser)]
pub struct Options {
    /// Seconds under full load, for each server
    #[arg(long, default_value_t = 12)]
    seconds: u64,
    /// Seconds at the paced rate, for each server
    #[arg(long, default_value_t = 10)]
    paced_seconds: u64,
    /// Seconds of warm-up, for each server
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests per second for the latencies, the same for every server
    #[arg(long, default_value_t = 200)]
    paced_rate: u64,
    /// Only these parts: express, fastapi, ingress, routing, reply, embedded, silence
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Interviews at the same time, for the part silence
    #[arg(long, default_value_t = 20)]
    interviews: usize,
    /// Interviews of its crowd
    #[arg(long, default_value_t = 200)]
    crowd: usize,
    /// The broker that all servers use
    #[arg(long, env = "AMQP_URL")]
    amqp_url: String,
    /// A PostgreSQL in which a database may be made and dropped
    #[arg(long, env = "DATABASE_URL")]
    database_url: String,
    /// The binary under test
    #[arg(long, default_value = "target/release/trunkline")]
    trunkline: PathBuf,
    /// Where the peers are installed, the logs and the report are written
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// The peers' sources
    #[arg(long, default_value = "bench/peers")]
    peers: PathBuf,
}

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|p| p == part)
    }

    fn plan(&self) -> Plan {
        Plan {
            connections: self.connections,
            warm_up: Duration::from_secs(self.warm_up),
            full: Duration::from_secs(self.seconds),
            paced: Duration::from_secs(self.paced_seconds),
            paced_rate: self.paced_rate,
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// One line for the person who waits.
pub fn say(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}

fn run(options: &Options) -> Result<bool> {
    // One thread: the load generator must not take more of the machine than it needs.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        // Dropping the benchmark ends the servers that it started.
        tokio::select! {
            done = Box::pin(all(options)) => done,
            _ = tokio::signal::ctrl_c() => Ok(false),
            _ = terminate.recv() => Ok(false),
        }
    })
}

/// Runs every part; what cannot run is named in the report and makes the result false.
async fn all(options: &Options) -> Result<bool> {
    std::fs::create_dir_all(options.out.join("logs"))?;
    let mut report = Report::new(options);
    report.keep(
        "embedded",
        part(options, "embedded", embedded(options)).await,
    );
    report.keep(
        "silence",
        part(options, "silence", silence::measure(options)).await,
    );
    platform(options, &mut report).await;
    let text = report.text();
    io::stdout().lock().write_all(text.as_bytes())?;
    std::fs::write(options.out.join("report.md"), &text)?;
    let json = serde_json::to_string_pretty(&report.json())?;
    std::fs::write(options.out.join("report.json"), json + "\n")?;
    Ok(report.complete())
}

/// The result of one part; `None` when it was not asked for.
async fn part(
    options: &Options,
    name: &str,
    work: impl Future<Output = Result<Value>>,
) -> Option<Result<Value>> {
    if !options.wants(name) {
        return None;
    }
    say(&format!("bench: {name}"));
    Some(Box::pin(work).await)
}

async fn embedded(options: &Options) -> Result<Value> {
    Ok(embedded::measure(options).await?.json())
}

/// Everything that needs the distributed platform. Each part leaves work behind: the calls of `routing` fall due
/// together some 45 s later, when nobody has told of their end, and what `ingress` leaves in the queues is for nobody.
/// So the part that makes least of it comes first.
async fn platform(options: &Options, report: &mut Report) {
    let parts = ["routing", "reply", "ingress"];
    if !parts.iter().any(|p| options.wants(p)) {
        return front_doors(options, report, None).await;
    }
    let mut platform = match platform::Platform::start(options).await {
        Ok(platform) => platform,
        Err(error) => {
            let error = format!("{error:#}");
            for name in parts.iter().filter(|p| options.wants(p)) {
                report.keep(name, Some(Err(anyhow::anyhow!("{error}"))));
            }
            return front_doors(options, report, None).await;
        }
    };
    let reply = part(options, "reply", async {
        Ok(reply::compare(options, &platform).await?.json())
    });
    report.keep("reply", reply.await);
    let routing = part(options, "routing", async {
        let contender = Contender {
            requests: twilio::Requests::voice(platform.port()),
            servers: platform.servers(),
        };
        let figures = load::in_turns(&[contender], &options.plan()).await;
        let figures = figures.context("full routing")?.pop();
        Ok(figures.context("no figures")?.json())
    });
    report.keep("routing", routing.await);
    let stopped = platform.only_ingress().await;
    front_doors(options, report, Some(&platform)).await;
    if let Err(error) = stopped.and(platform.stop().await) {
        say(&format!("bench: cleaning up: {error:#}"));
    }
}

/// The three front doors, side by side.
async fn front_doors(options: &Options, report: &mut Report, ours: Option<&platform::Platform>) {
    let peers = [
        start_peer(options, report, "express").await,
        start_peer(options, report, "fastapi").await,
    ];
    let (mut names, mut contenders) = (Vec::new(), Vec::new());
    if let Some(platform) = ours.filter(|_| options.wants("ingress")) {
        names.push("ingress");
        contenders.push(Contender {
            requests: twilio::Requests::dial_finished(platform.port(), "<Response"),
            servers: platform.servers(),
        });
    }
    for (name, peer) in peers.iter().flatten() {
        names.push(*name);
        contenders.push(Contender {
            requests: twilio::Requests::dial_finished(peer.port, "<Dial"),
            servers: vec![&peer.server],
        });
    }
    if names.is_empty() {
        return;
    }
    say(&format!("bench: {} in turns", names.join(", ")));
    let figures = load::in_turns(&contenders, &options.plan()).await;
    drop(contenders);
    match figures {
        Ok(figures) => names
            .iter()
            .zip(figures)
            .for_each(|(name, figures)| report.keep(name, Some(Ok(figures.json())))),
        Err(error) => names
            .iter()
            .for_each(|name| report.keep(name, Some(Err(anyhow::anyhow!("{error:#}"))))),
    }
    for (name, peer) in peers.into_iter().flatten() {
        if let Err(error) = peer.stop(options).await {
            say(&format!("bench: cleaning up {name}: {error:#}"));
        }
    }
}

/// A peer that was asked for, ready to be loaded.
async fn start_peer(
    options: &Options,
    report: &mut Report,
    name: &'static str,
) -> Option<(&'static str, peers::Peer)> {
    if !options.wants(name) {
        return None;
    }
    let started = match name {
        "express" => peers::express(options).await,
        _ => peers::fastapi(options).await,
    };
    match started {
        Ok(peer) => Some((name, peer)),
        Err(error) => {
            report.keep(name, Some(Err(error)));
            None
        }
    }
}
