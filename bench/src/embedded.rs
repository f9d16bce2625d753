//! The platform in one process with nothing beside it: how soon it is ready, what it holds when idle, how many calls it routes.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Options;
use crate::load::{self, Contender, Plan, mib};
use crate::local_platform::{LocalPlatform, Setup};
use crate::process::{self, Server, free_ports};
use crate::twilio::{FORWARD_TO, NUMBER, RINGS_S, Requests};

const STARTS: usize = 7;
const IDLE: Duration = Duration::from_secs(5);

/// Calls at the same time, and calls a second for the latencies: what one process with SQLite can keep.
const CONNECTIONS: usize = 32;
const RATE: u64 = 100;
/// Series of requests that no other part has.
const SERIES: u32 = 30;

/// How it started, what it held, what it did under load.
pub async fn measure(options: &Options) -> Result<Value> {
    let mut figures = started(options).await?;
    let loaded = loaded(options).await?;
    for (name, figure) in loaded.as_object().into_iter().flatten() {
        figures[name] = figure.clone();
    }
    Ok(figures)
}

/// The call that `routing` has, with everything in one process.
async fn loaded(options: &Options) -> Result<Value> {
    let setup = Setup {
        name: "embedded-load",
        settings: Vec::new(),
        document: json!({"tenants": [{
            "id": "bench", "name": "Bench", "timezone": "UTC", "forward_to": FORWARD_TO, "dial_timeout_s": RINGS_S,
            "numbers": [{"number": NUMBER, "voice": "forward", "sms": "conversation"}],
        }]}),
    };
    let site = LocalPlatform::start(options, &setup).await?;
    let requests = Requests::voice(site.port);
    site.settle(&requests, SERIES).await?;
    let plan = Plan {
        connections: CONNECTIONS,
        paced_rate: options.paced_rate.min(RATE),
        ..options.plan()
    };
    let contender = Contender {
        requests,
        servers: vec![&site.server],
    };
    let figures = load::in_turns(&[contender], &plan).await;
    site.stop().await;
    Ok(figures?.pop().context("no figures")?.json())
}

/// Starts it on a new, empty folder each time; the last one is left idle and weighed.
async fn started(options: &Options) -> Result<Value> {
    let binary = fs::canonicalize(&options.trunkline)
        .with_context(|| format!("{} is not built", options.trunkline.display()))?;
    let logs = options.out.join("logs");
    let (mut starts, mut idle_rss) = (Vec::new(), 0);
    for n in 1..=STARTS {
        let home = options
            .out
            .join(format!("embedded-{}-{n}", std::process::id()));
        fs::create_dir_all(&home)?;
        let home = fs::canonicalize(home)?;
        let port = free_ports()?;
        let mut command = Command::new(&binary);
        command
            .args(["up", "--port", &port.to_string(), "--data-dir", "data"])
            .current_dir(&home);
        // No setting at all: as on a laptop.
        command.env_clear();
        let start = Instant::now();
        let mut server = Server::start("embedded", &mut command, &logs)?;
        server.ready(port, Duration::from_secs(30)).await?;
        starts.push(start.elapsed());
        if n == STARTS {
            sleep(IDLE).await;
            idle_rss = process::usage(&[&server])?.rss;
        }
        server.stop().await;
        fs::remove_dir_all(&home)?;
    }
    starts.sort_unstable();
    let seconds = |d: Option<&Duration>| d.map_or(0.0, Duration::as_secs_f64);
    Ok(json!({
        "start_median_s": seconds(starts.get(STARTS / 2)),
        "start_worst_s": seconds(starts.last()),
        "starts": starts.len(),
        "idle_rss_mib": mib(idle_rss),
    }))
}
