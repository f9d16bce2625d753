//! What the benchmarks are told, and what they tell the person who waits.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::load::Plan;

/// The benchmarks of `make bench`. They load 127.0.0.1 only and end only what they started.
#[derive(Parser)]
pub struct Options {
    /// Seconds under full load, for each server
    #[arg(long, default_value_t = 12)]
    pub seconds: u64,
    /// Seconds at the paced rate, for each server
    #[arg(long, default_value_t = 10)]
    pub paced_seconds: u64,
    /// Seconds of warm-up, for each server
    #[arg(long, default_value_t = 3)]
    pub warm_up: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Requests per second for the latencies, the same for every server
    #[arg(long, default_value_t = 200)]
    pub paced_rate: u64,
    /// Only these parts: express, fastapi, node, ingress, routing, notes, reply, forged, embedded, archive, silence, streams, pipecat,
    /// texts, console, hearing
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<String>,
    /// Recordings at once, for the part archive
    #[arg(long, default_value_t = 1_000)]
    pub recordings: usize,
    /// Interviews at the same time, for the part silence
    #[arg(long, default_value_t = 20)]
    pub interviews: usize,
    /// Interviews of its crowd
    #[arg(long, default_value_t = 200)]
    pub crowd: usize,
    /// Calls at the same time, step by step, for the part streams
    #[arg(long, value_delimiter = ',', default_values_t = [100, 250, 500, 1_000])]
    pub calls: Vec<usize>,
    /// Seconds that each step is counted
    #[arg(long, default_value_t = 6)]
    pub stream_seconds: u64,
    /// Conversations among which is looked, for the part texts
    #[arg(long, default_value_t = 100_000)]
    pub threads: usize,
    /// Where charts are written
    #[arg(long, default_value = "target/bench")]
    pub charts: PathBuf,
    /// Serves a WebSocket echo on this port and does nothing else
    #[arg(long, hide = true)]
    pub echo: Option<u16>,
    /// The broker that all servers use
    #[arg(long, env = "AMQP_URL")]
    pub amqp_url: String,
    /// A PostgreSQL in which a database may be made and dropped
    #[arg(long, env = "DATABASE_URL")]
    pub database_url: String,
    /// The binary under test
    #[arg(long, default_value = "target/release/trunkline")]
    pub trunkline: PathBuf,
    /// Where the peers are installed, the logs and the report are written
    #[arg(long, default_value = "target/bench")]
    pub out: PathBuf,
    /// The peers' sources
    #[arg(long, default_value = "bench/peers")]
    pub peers: PathBuf,
}

impl Options {
    /// Whether this part was asked for.
    pub fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|p| p == part)
    }

    /// The load of servers that are compared.
    pub fn plan(&self) -> Plan {
        Plan {
            connections: self.connections,
            warm_up: Duration::from_secs(self.warm_up),
            full: Duration::from_secs(self.seconds),
            paced: Duration::from_secs(self.paced_seconds),
            paced_rate: self.paced_rate,
        }
    }
}

/// One line for the person who waits.
pub fn say(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "{line}");
}
