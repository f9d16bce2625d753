//! What forged requests cost those that Twilio signed: calls that come in while strangers post 64 kB under signatures that
//! are none, without an AccountSid, on a platform with many tenants of two tokens each.

use std::cell::Cell;
use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::time::{Instant as Due, sleep_until};

use crate::aims::Aim;
use crate::load::{Connection, Latencies};
use crate::platform::Platform;
use crate::section::{Figures, Section};
use crate::twilio::Requests;

/// Tenants with an account of their own and two tokens.
const TENANTS: usize = 300;
/// Strangers, each with one post after another.
const STRANGERS: usize = 2;
/// Alone and under forged posts in turns, so that a busy moment of the machine meets both.
const SLICES: u32 = 4;
const SLICE: Duration = Duration::from_secs(3);
/// Signed calls fall due so far apart.
const GAP: Duration = Duration::from_millis(20);
/// Series of requests that no other part has.
const SERIES: u32 = 5;

/// The part `forged`.
pub const SECTION: Section = Section {
    part: "forged",
    write,
    aims: &[Aim::at_most(
        2.0,
        "×",
        "forged",
        "p50_ratio",
        "signed calls while two strangers post forged 64 kB, over the same alone (median)",
    )],
};

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    let figure = |name| figures.get(name);
    writeln!(
        text,
        "\n| signed calls, {:.0} tenants with two tokens each | p50 ms | p99 ms |\n| --- | ---: | ---: |",
        figure("tenants")
    )?;
    writeln!(
        text,
        "| alone | {:.2} | {:.2} |",
        figure("alone_p50_ms"),
        figure("alone_p99_ms")
    )?;
    writeln!(
        text,
        "| while {:.0} strangers post forged 64 kB, {:.0} a second | {:.2} | {:.2} |",
        figure("strangers"),
        figure("forged_per_s"),
        figure("beside_p50_ms"),
        figure("beside_p99_ms")
    )
}

/// Signed calls with and without forged posts beside them.
pub struct Forged {
    alone: Latencies,
    beside: Latencies,
    posts: u64,
}

impl Forged {
    /// For the report.
    pub fn json(&self) -> Value {
        let seconds = f64::from(SLICES) * SLICE.as_secs_f64();
        json!({
            "alone_p50_ms": self.alone.ms(0.50), "alone_p99_ms": self.alone.ms(0.99),
            "beside_p50_ms": self.beside.ms(0.50), "beside_p99_ms": self.beside.ms(0.99),
            "p50_ratio": self.beside.ms(0.50) / self.alone.ms(0.50),
            "forged_per_s": self.posts as f64 / seconds,
            "tenants": TENANTS, "strangers": STRANGERS,
            "requests": self.alone.len() + self.beside.len(),
        })
    }
}

/// Measures both, in turns.
pub async fn measure(platform: &Platform) -> Result<Forged> {
    platform.apply_accounts(TENANTS)?;
    let signed = Requests::voice(platform.port());
    let forged = Requests::forged(platform.port());
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (calls, posts) = (Cell::new(0), Cell::new(0));
    // The first slice warms up.
    for slice in 0..=SLICES {
        let quiet = calls_for(&signed, &calls, SLICE).await?;
        let counted = posts.get();
        let loud = tokio::select! {
            loud = calls_for(&signed, &calls, SLICE) => loud?,
            ended = strangers(&forged, &posts) => {
                ended?;
                bail!("the strangers went away")
            }
        };
        if slice == 0 {
            posts.set(0);
            continue;
        }
        if posts.get() == counted {
            bail!("no forged post was answered");
        }
        alone.extend(quiet);
        beside.extend(loud);
    }
    Ok(Forged {
        alone: Latencies::new(alone),
        beside: Latencies::new(beside),
        posts: posts.get(),
    })
}

/// Signed calls, one at a time; each counts from when it was due.
async fn calls_for(
    requests: &Requests,
    next: &Cell<u64>,
    length: Duration,
) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(requests).await?;
    let (start, mut taken) = (Instant::now(), Vec::new());
    let mut due = start;
    // A machine that cannot keep the pace says so with fewer calls, not with a longer wait.
    while due < start + length && start.elapsed() < length * 2 {
        sleep_until(Due::from_std(due)).await;
        let bytes = requests.bytes(SERIES, next.replace(next.get() + 1));
        // The timer's own grain is not the server's.
        let from = due.max(Instant::now().min(due + Duration::from_millis(2)));
        connection.ask(&bytes).await?;
        taken.push(from.elapsed());
        due += GAP;
    }
    Ok(taken)
}

/// Forged posts, as fast as they are refused. Ends when one is not.
async fn strangers(requests: &Requests, posts: &Cell<u64>) -> Result<()> {
    let stranger = async || -> Result<()> {
        let mut connection = Connection::open(requests).await?;
        let bytes = requests.bytes(SERIES, 0);
        loop {
            match connection.ask(&bytes).await {
                Ok(()) => posts.set(posts.get() + 1),
                // Whoever refuses a post before all of it is there closes the connection.
                Err(_) => connection = Connection::open(requests).await?,
            }
        }
    };
    try_join_all((0..STRANGERS).map(|_| stranger())).await?;
    Ok(())
}
