//! Load, while processes are killed and wires are cut at random: `make chaos`. At the end every webhook that was accepted
//! has had its effect, and once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::kills::{number, say};
use super::world::{CLOSED, HARBOR, HARBOR_OWNER, SMITH, SMITH_OWNER, SMITH_SECOND, caller, world};
use crate::site::{LONG, Mode, Plan, ROLES, Site, behaves, play, stays, within};

/// How late Twilio's lists are, in seconds of the emulator's time.
const LAG_S: u32 = 100;
/// Numbers that are missed.
const NUMBERS: [&str; 4] = [SMITH, SMITH_SECOND, CLOSED, HARBOR];
/// What is over within this time after the last cut: a text that may have been sent is looked for for a minute before
/// it is sent again, and a repeat of the bus waits up to ten.
const PATIENCE: Duration = Duration::from_secs(900);

/// A caller who is missed, or a customer who writes.
enum Sent {
    Call { sid: String, from: String },
    Text { from: String, words: String },
}

/// What a run came to.
#[derive(Default)]
struct Tally {
    kills: usize,
    cuts: usize,
    lost: Vec<String>,
    doubled: Vec<String>,
}

/// What the emulator's log told of webhooks.
#[derive(Default)]
struct Heard {
    webhooks: u64,
    accepted: u64,
    longest_ms: u64,
    /// The words of texts whose webhook was answered with success.
    texts: HashSet<String>,
}

impl Heard {
    fn note(&mut self, entry: &Value) {
        if entry["direction"] != "out" {
            return;
        }
        self.webhooks += 1;
        let took = entry["took_ms"].as_u64().unwrap_or_default();
        self.longest_ms = self.longest_ms.max(took);
        if entry["status"].as_u64().is_none_or(|status| status >= 300) {
            return;
        }
        self.accepted += 1;
        for parameter in entry["params"].as_array().into_iter().flatten() {
            if parameter[0] == "Body" {
                self.texts.extend(parameter[1].as_str().map(str::to_owned));
            }
        }
    }
}

/// A few seconds, or `TRUNKLINE_CHAOS_S`: `make chaos` plays ten minutes. `TRUNKLINE_TEST_SEED` repeats a run's choices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaos_loses_nothing_and_doubles_nothing() {
    let length = Duration::from_secs(number("TRUNKLINE_CHAOS_S").unwrap_or(8));
    let seed = number("TRUNKLINE_TEST_SEED").unwrap_or_else(rand::random);
    say(&format!(
        "chaos: {} s, TRUNKLINE_TEST_SEED={seed}",
        length.as_secs()
    ));
    let plan = Plan::new(Mode::Split, &world()).rough().wires();
    play(plan.limit(length + PATIENCE * 2), async |site: &Site| {
        site.twilio.callee(SMITH_OWNER, behaves("busy")).await;
        site.twilio.callee(HARBOR_OWNER, behaves("no-answer")).await;
        let lag = json!({ "kind": "api", "list_lag_s": LAG_S });
        site.twilio.fault(lag).await;
        let began = Instant::now();
        let mut heard = Heard::default();
        let over = AtomicBool::new(false);
        let work = async {
            let both = tokio::join!(
                load(site, began, length, seed),
                havoc(site, began, length, seed)
            );
            site.mend();
            site.are_ready().await;
            over.store(true, Ordering::Relaxed);
            both
        };
        let ((sent, mut tally), ()) = tokio::join!(work, site.twilio.follow_log(&over, |entry| heard.note(entry)));
        let deadline = Instant::now() + PATIENCE;
        for it in &sent {
            judge(site, it, &heard, deadline, &mut tally).await;
        }
        let calls = sent.iter().filter(|it| matches!(it, Sent::Call { .. })).count();
        say(&format!(
            "chaos: {} calls, {} texts, {} webhooks accepted of {}; {} kills, {} cuts; {} lost, {} doubled; longest answer {} ms",
            calls,
            sent.len() - calls,
            heard.accepted,
            heard.webhooks,
            tally.kills,
            tally.cuts,
            tally.lost.len(),
            tally.doubled.len(),
            heard.longest_ms,
        ));
        assert!(
            tally.lost.is_empty() && tally.doubled.is_empty(),
            "lost: {:?}\ndoubled: {:?}\nagain: make chaos SECONDS={} SEED={seed}",
            tally.lost,
            tally.doubled,
            length.as_secs(),
        );
    })
    .await;
}

/// Callers and customers, one after the other, at random moments.
async fn load(site: &Site, began: Instant, length: Duration, seed: u64) -> Vec<Sent> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut sent = Vec::new();
    while began.elapsed() < length {
        let nth = u32::try_from(sent.len()).unwrap();
        let from = caller(nth);
        let to = NUMBERS.choose(&mut random).unwrap();
        if random.random_bool(0.6) {
            let sid = site.twilio.call(&from, to, stays()).await;
            sent.push(Sent::Call { sid, from });
        } else {
            let words = format!("Chaos text number {nth}: is anybody there?");
            site.twilio.text(&from, SMITH, &words).await;
            sent.push(Sent::Text { from, words });
        }
        let pause = random.random_range(20..400);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    sent
}

/// Kills and cuts, from a series of its own: how fast the load goes does not change it.
async fn havoc(site: &Site, began: Instant, length: Duration, seed: u64) -> Tally {
    let mut random = StdRng::seed_from_u64(seed ^ 0x0068_6176_6f63);
    let mut tally = Tally::default();
    while began.elapsed() < length {
        let pause = random.random_range(200..2_500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let (what, away) = (random.random_range(0..10), random.random_range(50..3_000));
        let role = *ROLES.choose(&mut random).unwrap();
        let away = Duration::from_millis(away);
        match what {
            0 => {
                site.bus_wire.as_ref().unwrap().cut();
                tokio::time::sleep(away).await;
                site.bus_wire.as_ref().unwrap().mend();
                tally.cuts += 1;
            }
            1 => {
                site.database_wire.as_ref().unwrap().cut();
                tokio::time::sleep(away).await;
                site.database_wire.as_ref().unwrap().mend();
                tally.cuts += 1;
            }
            _ => {
                site.kill(role);
                tokio::time::sleep(away).await;
                site.revive(role);
                tally.kills += 1;
            }
        }
    }
    tally
}

/// What was accepted had its effect, and once.
async fn judge(site: &Site, sent: &Sent, heard: &Heard, deadline: Instant, tally: &mut Tally) {
    let left = || {
        deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_secs(5))
    };
    match sent {
        Sent::Call { sid, from } => {
            let view = site.twilio.over(sid).await;
            let heard_of = view["twiml"][0]["status"] == 200;
            let path = format!("/calls/{sid}");
            let settled = async || {
                let outcome = site.find(&path).await.map(|call| call["outcome"].clone());
                let outcome = outcome.filter(Value::is_string);
                let enough = outcome.is_some() || !heard_of || Instant::now() >= deadline;
                enough.then_some(outcome)
            };
            let outcome =
                within(left() + LONG, "an outcome, or the end of patience", settled).await;
            // The fallback rings the business's phone, also when it is closed: whoever is put through is not texted.
            let is_missed = heard_of && outcome.as_ref().is_none_or(|it| it == "missed");
            let texted = async || {
                let texts = site.twilio.texts_to(from).await;
                let enough = !texts.is_empty() || !is_missed || Instant::now() >= deadline;
                enough.then_some(texts)
            };
            let texts = within(left() + LONG, "a text, or the end of patience", texted).await;
            match texts.len() {
                0 if is_missed => tally.lost.push(format!("the text for call {sid}")),
                0 | 1 => {}
                n => tally.doubled.push(format!("{n} texts for call {sid}")),
            }
        }
        Sent::Text { from, words } => {
            let taken = heard.texts.contains(words);
            let path = format!("/conversations/?q={}", &from[1..]);
            let kept = async || {
                let list = site.find(&path).await?;
                let count = messages(site, &list, words).await?;
                let enough = count > 0 || !taken || Instant::now() >= deadline;
                enough.then_some(count)
            };
            match within(left() + LONG, "a thread, or the end of patience", kept).await {
                0 if taken => tally.lost.push(format!("the text {words:?}")),
                0 | 1 => {}
                n => tally.doubled.push(format!("{words:?} is kept {n} times")),
            }
        }
    }
}

/// How often a thread has a customer's text.
async fn messages(site: &Site, list: &Value, words: &str) -> Option<usize> {
    let mut found = HashSet::new();
    for thread in list["items"].as_array()? {
        let id = thread["id"].as_str()?;
        let whole = site.find(&format!("/conversations/{id}")).await?;
        for message in whole["messages"].as_array()? {
            if message["body"] == words {
                found.insert(message["id"].to_string());
            }
        }
    }
    Some(found.len())
}
