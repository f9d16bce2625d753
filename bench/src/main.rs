#![doc = include_str!("../README.md")]

mod aims;
mod archive;
mod carrier;
mod console;
mod crowd;
mod database;
mod embedded;
mod events;
mod forged;
mod hearing;
mod load;
mod local_platform;
mod notes;
mod options;
mod peers;
mod platform;
mod process;
mod reply;
mod report;
mod section;
mod seed;
mod silence;
mod streams;
mod texts;
mod twilio;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use load::Contender;
pub use options::{Options, say};
use report::Report;

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(port) = options.echo {
        return match streams::serve_echo(port) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(&format!("echo: {error:#}"));
                ExitCode::FAILURE
            }
        };
    }
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<bool> {
    // Whoever asks by HTTPS wants to know which one.
    let _ = rustls::crypto::ring::default_provider().install_default();
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
        part(options, "embedded", embedded::measure(options)).await,
    );
    report.keep(
        "archive",
        part(options, "archive", archive::measure(options)).await,
    );
    report.keep(
        "silence",
        part(options, "silence", silence::measure(options)).await,
    );
    report.keep(
        "hearing",
        part(options, "hearing", async { hearing::measure(options) }).await,
    );
    report.keep(
        "streams",
        part(options, "streams", streams::measure(options)).await,
    );
    report.keep(
        "pipecat",
        part(options, "pipecat", streams::pipecat(options)).await,
    );
    report.keep(
        "texts",
        part(options, "texts", texts::measure(options)).await,
    );
    report.keep(
        "console",
        part(options, "console", console::measure(options)).await,
    );
    report.keep(
        "notes",
        part(options, "notes", notes::measure(options)).await,
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

/// Everything that needs the distributed platform. Each part leaves work behind: the calls of `routing` fall due
/// together some 45 s later, when nobody has told of their end, and what `ingress` leaves in the queues is for nobody.
/// So the part that makes least of it comes first.
async fn platform(options: &Options, report: &mut Report) {
    let parts = ["routing", "reply", "forged", "ingress"];
    if options.wants("node") && !options.wants("routing") {
        report.keep("node", Some(alone(options).await));
    }
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
    if options.wants("routing") {
        routing(options, report, &platform).await;
    }
    let forged = part(options, "forged", async {
        Ok(forged::measure(&platform).await?.json())
    });
    report.keep("forged", forged.await);
    let stopped = platform.only_ingress().await;
    front_doors(options, report, Some(&platform)).await;
    if let Err(error) = stopped.and(platform.stop().await) {
        say(&format!("bench: cleaning up: {error:#}"));
    }
}

/// The whole way of a call to its `<Dial>`, ours and in Node in turns.
async fn routing(options: &Options, report: &mut Report, platform: &platform::Platform) {
    let peer = start_peer(options, report, "node").await;
    let mut names = vec!["routing"];
    let mut contenders = vec![Contender {
        requests: twilio::Requests::voice(platform.port()),
        servers: platform.servers(),
    }];
    if let Some((name, peer)) = &peer {
        names.push(name);
        contenders.push(Contender {
            requests: twilio::Requests::voice(peer.port),
            servers: vec![&peer.server],
        });
    }
    in_turns(options, report, &names, contenders).await;
    if let Some((name, peer)) = peer {
        stop_peer(options, name, peer).await;
    }
}

/// The peer of the routing without it.
async fn alone(options: &Options) -> Result<Value> {
    let peer = peers::routing(options).await?;
    let contender = Contender {
        requests: twilio::Requests::voice(peer.port),
        servers: vec![&peer.server],
    };
    let figures = load::in_turns(&[contender], &options.plan()).await;
    stop_peer(options, "node", peer).await;
    Ok(figures?.pop().context("no figures")?.json())
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
    in_turns(options, report, &names, contenders).await;
    for (name, peer) in peers.into_iter().flatten() {
        stop_peer(options, name, peer).await;
    }
}

/// Loads servers in turns, and keeps what came of each.
async fn in_turns(
    options: &Options,
    report: &mut Report,
    names: &[&str],
    contenders: Vec<Contender<'_>>,
) {
    if names.is_empty() {
        return;
    }
    say(&format!("bench: {} in turns", names.join(", ")));
    match load::in_turns(&contenders, &options.plan()).await {
        Ok(figures) => names
            .iter()
            .zip(figures)
            .for_each(|(name, figures)| report.keep(name, Some(Ok(figures.json())))),
        Err(error) => names
            .iter()
            .for_each(|name| report.keep(name, Some(Err(anyhow::anyhow!("{error:#}"))))),
    }
}

async fn stop_peer(options: &Options, name: &str, peer: peers::Peer) {
    if let Err(error) = peer.stop(options).await {
        say(&format!("bench: cleaning up {name}: {error:#}"));
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
        "node" => peers::routing(options).await,
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
