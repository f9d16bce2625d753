//! Each role is replaced by a new process while calls live and webhooks come: none fails.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::kills::{number, say};
use super::world::{HARBOR, SMITH, SMITH_OWNER, caller, world};
use crate::site::{LONG, Mode, Plan, ROLES, Rotation, Site, eventually, play, so, within};

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

/// A few calls and texts, or as many as `TRUNKLINE_ROLLING_CALLS` and `TRUNKLINE_ROLLING_RATE` (texts a second) say:
/// `make rolling` takes 100 and 50.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_of_every_role_drops_no_call_and_fails_no_webhook() {
    let calls = u32::try_from(number("TRUNKLINE_ROLLING_CALLS").unwrap_or(5)).unwrap();
    let rate = number("TRUNKLINE_ROLLING_RATE").unwrap_or(5);
    let rotation = Rotation::open().await;
    let plan = Plan::new(Mode::Split, &world())
        .env([("WEBHOOK_BASE_URL", rotation.url())])
        .limit(LONG * 2);
    play(plan, async |site: &Site| {
        rotation.lead_to(site.port_of("ingress"));
        for number in [SMITH, HARBOR] {
            site.twilio.point(number, &rotation.url()).await;
        }
        // Each of them talks until long after the last restart.
        let talks = json!({ "behaviour": "answer", "after_s": 2, "talk_s": 36_000 });
        site.twilio.callee(SMITH_OWNER, talks).await;
        let mut live = Vec::new();
        for n in 0..calls {
            live.push(site.twilio.call(&caller(n), SMITH, json!([])).await);
        }
        for sid in &live {
            eventually("the call is forwarded", async || {
                so(!site.twilio.view(sid).await["twiml"].as_array()?.is_empty())
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
                    for role in ROLES.iter() {
                        replace(site, &rotation, role).await;
                    }
                    done.store(true, Ordering::Relaxed);
                    began.elapsed()
                };
                tokio::join!(texts(site, calls, rate, &done), work)
            };
            let kept = sent.len();
            for (from, words) in &sent {
                is_kept_once(site, from, words).await;
            }
            for sid in &live {
                let view = site.twilio.view(sid).await;
                assert!(view["done"] != true, "a call was dropped: {view:#}");
                site.twilio.hang_up(sid).await;
                let call = site.settled_within(LONG, sid).await;
                assert_eq!(call["outcome"], "answered", "{call:#}");
            }
            over.store(true, Ordering::Relaxed);
            (kept, took)
        };
        let ((kept, took), ()) = tokio::join!(restarts, site.twilio.follow_log(&over, |entry| heard.note(entry)));
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

/// A new process takes over from the one that runs, as a rolling update does it: ready first, then in rotation, then the
/// old one is told to stop.
async fn replace(site: &Site, rotation: &Rotation, role: &str) {
    let port = site.replicate(role).await;
    if role == "ingress" {
        rotation.lead_to(port);
        tokio::time::sleep(OUT).await;
    }
    site.retire(role, port).await;
}

/// Customers write all the while, another each time.
async fn texts(site: &Site, calls: u32, rate: u64, done: &AtomicBool) -> Vec<(String, String)> {
    let began = Instant::now();
    let mut sent = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let nth = u32::try_from(sent.len()).unwrap();
        let due = Duration::from_millis(1_000 * u64::from(nth) / rate);
        tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
        let words = format!("Rolling text number {nth}: is anybody there?");
        let from = caller(calls + nth);
        site.twilio.text(&from, HARBOR, &words).await;
        sent.push((from, words));
    }
    sent
}

/// A text that was taken is in its thread, once.
async fn is_kept_once(site: &Site, from: &str, words: &str) {
    let path = format!("/conversations/?q={}", &from[1..]);
    let found = within(LONG, "the text is kept", async || {
        let list = site.find(&path).await?;
        let id = list["items"][0]["id"].as_str()?.to_owned();
        let thread = site.find(&format!("/conversations/{id}")).await?;
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
