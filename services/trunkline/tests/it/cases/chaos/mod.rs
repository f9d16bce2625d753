//! Load of every kind, while processes are killed and paused and wires are cut, paused and slowed at random: `make chaos`.
//! At the end every webhook that was accepted has had its effects, each once.

mod havoc;
mod load;
mod seen;
mod verdict;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Proxy, S3};

use super::fixtures::{HARBOR_OWNER, SMITH_OWNER, TAPED_OWNER};
use super::kills::{number, say};
use crate::local_platform::{LocalPlatform, Mode, Plan, Provider, behaves, eventually, play, so};
use havoc::Wires;
use seen::Seen;

/// How late Twilio's lists are, in seconds of the emulator's time.
const LAG_S: u32 = 20;
/// How many times faster than real time calls go: on a stream the platform's own time counts.
const SPEED: &str = "5";
/// What is over within this time after the last fault: a text that may have been sent is looked for for a minute before it
/// is sent again, and a repeat of the bus waits up to a minute.
const PATIENCE: Duration = Duration::from_secs(900);
/// A longer run logs less, and has fewer faults in a minute: it is there for the number of events.
const LONG_RUN: Duration = Duration::from_secs(1_200);
/// Calls and texts a second, if nothing else is said.
const RATE: u64 = 4;

/// What a run is made of.
struct Run {
    length: Duration,
    seed: u64,
    /// Calls and texts a second.
    rate: u64,
    began: Instant,
}

impl Run {
    fn goes_on(&self) -> bool {
        self.began.elapsed() < self.length
    }

    fn is_long(&self) -> bool {
        self.length > LONG_RUN
    }
}

/// A few seconds, or `TRUNKLINE_CHAOS_S`: `make chaos` plays ten minutes. `TRUNKLINE_TEST_SEED` repeats a run's choices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaos_loses_nothing_and_doubles_nothing() {
    let mut run = Run {
        length: Duration::from_secs(number("TRUNKLINE_CHAOS_S").unwrap_or(8)),
        seed: number("TRUNKLINE_TEST_SEED").unwrap_or_else(rand::random),
        rate: number("TRUNKLINE_CHAOS_RATE").unwrap_or(RATE).max(1),
        began: Instant::now(),
    };
    let (length, seed, rate) = (run.length.as_secs(), run.seed, run.rate);
    say(&format!(
        "chaos: {length} s at {rate} a second, TRUNKLINE_TEST_SEED={seed}"
    ));
    let (provider, bucket) = (Provider::start(), S3::start().await);
    let wires = Wires::new(&provider, &bucket);
    let mut plan = Plan::new(Mode::Split, &load::world())
        .rough()
        .wires()
        .whole_bus()
        .fronted()
        .speed(SPEED)
        .env(provider.env())
        .env(bucket.settings().map(|(name, it)| (name, it.to_owned())))
        .env(wires.env())
        .limit(run.length + PATIENCE * 3);
    if run.is_long() {
        plan = plan.env([("RUST_LOG", "warn".to_owned())]);
    }
    play(plan, async |platform: &LocalPlatform| {
        prepare(platform).await;
        run.began = Instant::now();
        let seen = Mutex::new(Seen::default());
        let over = AtomicBool::new(false);
        let bus = platform.backends.as_ref().unwrap().bus().await;
        let tap = bus.tap(&["#"]).await.unwrap();
        let work = async {
            let (sent, faults) = tokio::join!(
                load::load(platform, &run),
                havoc::havoc(platform, &wires, &run)
            );
            wires.mend();
            platform.mend();
            platform.are_ready().await;
            platform.rests();
            let verdict = verdict::of(platform, &bucket, &sent, &seen, Instant::now() + PATIENCE).await;
            over.store(true, Ordering::Relaxed);
            (sent, faults, verdict)
        };
        let log = platform
            .twilio
            .follow_log(&over, |entry| seen.lock().unwrap().note(entry));
        let ((sent, faults, verdict), (), ()) =
            tokio::join!(work, log, seen::follow_bus(tap, &over, &seen));
        bus.close().await;
        let seen = seen.into_inner().unwrap();
        say(&format!("chaos: {}", load::counted(&sent)));
        say(&format!("chaos: {seen}"));
        say(&format!(
            "chaos: {faults}; {} lost, {} doubled",
            verdict.lost.len(),
            verdict.doubled.len()
        ));
        assert!(
            verdict.lost.is_empty() && verdict.doubled.is_empty(),
            "lost: {:#?}\ndoubled: {:#?}\nagain: make chaos SECONDS={length} RATE={rate} SEED={seed}",
            verdict.lost,
            verdict.doubled,
        );
        // A run in which nothing happened shows nothing.
        assert!(!sent.is_empty() && seen.accepted > 0 && seen.events() > 0, "{seen}");
    })
    .await;
}

/// Phones behave, and the flows are known.
async fn prepare(platform: &LocalPlatform) {
    platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
    platform
        .twilio
        .callee(HARBOR_OWNER, behaves("no-answer"))
        .await;
    let answers = json!({ "behaviour": "answer", "after_s": 2, "talk_s": 8 });
    platform.twilio.callee(TAPED_OWNER, answers).await;
    platform
        .twilio
        .fault(json!({ "kind": "api", "list_lag_s": LAG_S }))
        .await;
    eventually("the flows are defined", async || {
        let list = platform.find("/api/flows/?limit=100").await?;
        so(list["items"].as_array()?.len() == load::FLOWS)
    })
    .await;
}

/// A wire to the server of an address, without a slash at the end of its own.
fn address(wire: &Proxy) -> String {
    wire.url().trim_end_matches('/').to_owned()
}
