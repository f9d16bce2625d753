//! Each role is replaced by a new process while calls live and webhooks come: none fails.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fixtures::{HARBOR, SMITH, SMITH_OWNER, caller, world};
use super::kills::{number, say};
use crate::local_platform::{
    LONG, LocalPlatform, Mode, NO_SETTINGS, Plan, ROLES, Rotation, eventually, play, run, so,
    within,
};

/// How long every replacement waits after the old process is out of rotation: what a preStop hook does.
const OUT: Duration = Duration::from_millis(300);

/// What came of the webhooks.
#[derive(Default)]
struct Heard {
    webhooks: u64,
    failed: Vec<Value>,
}

impl Heard {
    fn note(&mut self, entry: &Value) {
        if entry["direction"] != "out" {
            return;
        }
        self.webhooks += 1;
        let well = entry["error"].is_null() && entry["status"].as_u64().is_some_and(|it| it < 300);
        if !well {
            self.failed.push(entry.clone());
        }
    }
}

/// Old and new processes of each role live side by side on one broker and one database, whose schema is the new one's from the first
/// replacement on. `TRUNKLINE_OLD_BINARY` is the version before; without it, old and new are the same.
///
/// A few calls and texts, or as many as `TRUNKLINE_ROLLING_CALLS` and `TRUNKLINE_ROLLING_RATE` (texts a second) say:
/// `make rolling` takes 100 and 50.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_of_every_role_drops_no_call_and_fails_no_webhook() {
    let calls = u32::try_from(number("TRUNKLINE_ROLLING_CALLS").unwrap_or(5)).unwrap();
    let rate = number("TRUNKLINE_ROLLING_RATE").unwrap_or(5);
    let rotation = Rotation::open().await;
    let plan = Plan::new(Mode::Split, &world())
        .binary(std::env::var_os("TRUNKLINE_OLD_BINARY").map(Into::into))
        .env([("WEBHOOK_BASE_URL", rotation.url())])
        .limit(LONG * 2);
    play(plan, async |platform: &LocalPlatform| {
        rotation.lead_to(platform.port_of("ingress"));
        for number in [SMITH, HARBOR] {
            platform.twilio.point(number, &rotation.url()).await;
        }
        // Each of them talks until long after the last restart.
        let talks = json!({ "behaviour": "answer", "after_s": 2, "talk_s": 36_000 });
        platform.twilio.callee(SMITH_OWNER, talks).await;
        let mut live = Vec::new();
        for n in 0..calls {
            live.push(platform.twilio.call(&caller(n), SMITH, json!([])).await);
        }
        for sid in &live {
            eventually("the call is forwarded", async || {
                so(!platform.twilio.view(sid).await["twiml"].as_array()?.is_empty())
            })
            .await;
        }
        let mut heard = Heard::default();
        let over = AtomicBool::new(false);
        let restarts = async {
            let (sent, took) = {
                let done = AtomicBool::new(false);
                let work = async {
                    let began = Instant::now();
                    migrate(platform).await;
                    for role in ROLES.iter() {
                        replace(platform, &rotation, role).await;
                    }
                    done.store(true, Ordering::Relaxed);
                    began.elapsed()
                };
                tokio::join!(texts(platform, calls, rate, &done), work)
            };
            let kept = sent.len();
            for (from, words) in &sent {
                is_kept_once(platform, from, words).await;
            }
            for sid in &live {
                let view = platform.twilio.view(sid).await;
                assert!(view["done"] != true, "a call was dropped: {view:#}");
                platform.twilio.hang_up(sid).await;
                let call = platform.settled_within(LONG, sid).await;
                assert_eq!(call["outcome"], "answered", "{call:#}");
            }
            over.store(true, Ordering::Relaxed);
            (kept, took)
        };
        let ((kept, took), ()) = tokio::join!(restarts, platform.twilio.follow_log(&over, |entry| heard.note(entry)));
        say(&format!(
            "rolling restart of {} roles in {:.1} s: {calls} live calls, {kept} texts at {rate} a second, {} webhooks, {} failed",
            ROLES.len(),
            took.as_secs_f64(),
            heard.webhooks,
            heard.failed.len(),
        ));
        assert!(heard.failed.is_empty(), "{:#?}", heard.failed);
    })
    .await;
}

/// As a deployment does it: the old processes go on, on the new schema.
async fn migrate(platform: &LocalPlatform) {
    let backends = platform.backends.as_ref().unwrap();
    let mut env = platform.settings();
    env.push(("DATABASE_URL".to_owned(), backends.database_url.clone()));
    env.push(("TRUNKLINE_NAMESPACE".to_owned(), backends.namespace.clone()));
    let data = platform.dir.path().display().to_string();
    let args = ["migrate", "--data-dir", &data, "--config", NO_SETTINGS];
    let migrated = run(&args, &env, LONG).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
}

/// A new process takes over from the one that runs, as a rolling update does it: ready first, then in rotation, then the
/// old one is told to stop.
async fn replace(platform: &LocalPlatform, rotation: &Rotation, role: &str) {
    let port = platform.replicate(role).await;
    if role == "ingress" {
        rotation.lead_to(port);
        tokio::time::sleep(OUT).await;
    }
    platform.retire(role, port).await;
}

/// Customers write all the while, another each time.
async fn texts(
    platform: &LocalPlatform,
    calls: u32,
    rate: u64,
    done: &AtomicBool,
) -> Vec<(String, String)> {
    let began = Instant::now();
    let mut sent = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let nth = u32::try_from(sent.len()).unwrap();
        let due = Duration::from_millis(1_000 * u64::from(nth) / rate);
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        let words = format!("Rolling text number {nth}: is anybody there?");
        let from = caller(calls + nth);
        platform.twilio.text(&from, HARBOR, &words).await;
        sent.push((from, words));
    }
    sent
}

/// A text that was taken is in its thread, once.
async fn is_kept_once(platform: &LocalPlatform, from: &str, words: &str) {
    let path = format!("/conversations/?q={}", &from[1..]);
    let found = within(LONG, "the text is kept", async || {
        let list = platform.find(&path).await?;
        let id = list["items"][0]["id"].as_str()?.to_owned();
        let thread = platform.find(&format!("/conversations/{id}")).await?;
        let messages = thread["messages"].as_array()?;
        let ids: HashSet<String> = messages
            .iter()
            .filter(|message| message["body"] == words)
            .map(|message| message["id"].to_string())
            .collect();
        (!ids.is_empty()).then_some(ids.len())
    });
    assert_eq!(found.await, 1, "{words}");
}
