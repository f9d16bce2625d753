//! An hour of calls and texts (`make soak`), or a few seconds: memory, handles and tasks stay flat.

use std::time::{Duration, Instant};

use serde_json::json;

use super::fixtures::{CLOSED, HARBOR, HARBOR_OWNER, SMITH, SMITH_OWNER, caller, world};
use super::kills::{number, say};
use crate::local_platform::{LONG, LocalPlatform, Mode, Plan, behaves, play, stays, within};

/// How many callers and customers there are; each comes back.
const PEOPLE: u32 = 400;
/// Calls and texts a second.
const RATE: u64 = 4;
/// What a process may have more of at the end than when it had warmed up: one that leaks a handle or a task for each call
/// has thousands more.
const HANDLES: f64 = 24.0;
const TASKS: f64 = 24.0;
/// Of memory a tenth, and this: caches fill up to their bounds, and an allocator does not give all of it back.
const MEMORY: f64 = 48.0 * 1024.0 * 1024.0;

/// What the process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    memory: f64,
    handles: f64,
    tasks: f64,
}

async fn held(platform: &LocalPlatform) -> Option<Held> {
    Some(Held {
        memory: platform
            .gauge("calls", "process_resident_memory_bytes")
            .await?,
        handles: platform.gauge("calls", "process_open_fds").await?,
        tasks: platform.gauge("calls", "process_tasks").await?,
    })
}

/// Eight seconds, or `TRUNKLINE_SOAK_S`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn soak_leaves_memory_handles_and_tasks_flat() {
    let length = Duration::from_secs(number("TRUNKLINE_SOAK_S").unwrap_or(8));
    let plan = Plan::new(Mode::Embedded, &world()).limit(length + LONG);
    play(plan, async |platform: &LocalPlatform| {
        platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
        platform.twilio.callee(HARBOR_OWNER, behaves("no-answer")).await;
        // Whatever is opened once, for the first call, is open then.
        load(platform, length / 4, 0).await;
        let warm = quiet(platform, None).await;
        let count = load(platform, length * 3 / 4, 1).await;
        let after = quiet(platform, Some(warm)).await;
        say(&format!(
            "soak of {} s, {count} calls and texts: memory {:.0} -> {:.0} MB, handles {} -> {}, tasks {} -> {}",
            length.as_secs(),
            warm.memory / 1e6,
            after.memory / 1e6,
            warm.handles,
            after.handles,
            warm.tasks,
            after.tasks,
        ));
        assert!(
            after.memory <= warm.memory * 1.1 + MEMORY,
            "memory grows: {warm:?} -> {after:?}"
        );
    })
    .await;
}

/// Callers who are missed and customers who write, each after the other.
async fn load(platform: &LocalPlatform, length: Duration, round: u32) -> u32 {
    let began = Instant::now();
    let (mut nth, mut last) = (0, None);
    while began.elapsed() < length {
        let from = caller(nth % PEOPLE);
        match nth % 3 {
            0 => {
                platform
                    .twilio
                    .text(&from, SMITH, &format!("Soak {round}.{nth}: hello?"))
                    .await
            }
            1 => last = Some(platform.twilio.call(&from, CLOSED, stays()).await),
            _ => {
                last = Some(
                    platform
                        .twilio
                        .call(&from, if nth % 2 == 0 { SMITH } else { HARBOR }, stays())
                        .await,
                )
            }
        }
        nth += 1;
        let due = Duration::from_millis(1_000 * u64::from(nth) / RATE);
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
    }
    if let Some(sid) = last {
        platform.ended_within(LONG, &sid).await;
    }
    nth
}

/// What is held when nothing waits any more; after the load it comes back to what it was before.
async fn quiet(platform: &LocalPlatform, before: Option<Held>) -> Held {
    let flat = |now: &Held| {
        before.is_none_or(|before| {
            now.handles <= before.handles + HANDLES && now.tasks <= before.tasks + TASKS
        })
    };
    within(LONG, "handles and tasks are given back", async || {
        let operating = platform.find("/api/operating/").await?;
        let idle = operating["queues"]
            .as_array()?
            .iter()
            .all(|queue| queue["ready"] == json!(0));
        let now = held(platform).await?;
        (idle && flat(&now)).then_some(now)
    })
    .await
}
