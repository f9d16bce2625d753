//! The platform in one process with nothing beside it: how soon it is ready, what it holds when idle.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Options;
use crate::load::mib;
use crate::process::{self, Server, free_ports};

const STARTS: usize = 7;
const IDLE: Duration = Duration::from_secs(5);

/// How it started and what it held.
pub struct Embedded {
    starts: Vec<Duration>,
    idle_rss: u64,
}

impl Embedded {
    /// For the report.
    pub fn json(&self) -> Value {
        let seconds = |d: Option<&Duration>| d.map_or(0.0, Duration::as_secs_f64);
        json!({
            "start_median_s": seconds(self.starts.get(STARTS / 2)),
            "start_worst_s": seconds(self.starts.last()),
            "starts": self.starts.len(),
            "idle_rss_mib": mib(self.idle_rss),
        })
    }
}

/// Starts it on a new, empty folder each time; the last one is left idle and weighed.
pub async fn measure(options: &Options) -> Result<Embedded> {
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
    Ok(Embedded { starts, idle_rss })
}
