//! People who are interviewed: their scripts, and what they heard.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use super::answer::{QUESTION, TRANSCRIPT};
use super::local_platform::{FALLBACK, LocalPlatform};
use crate::load::Latencies;

/// Webhooks whose answer may wait for an AI provider by design: the first question after the menu, the feedback at the end.
const RACED: [&str; 2] = ["gather", "redirect"];

/// A group of people who call at the same time.
pub struct Group {
    /// How many.
    pub size: usize,
    /// The number that they call.
    pub number: &'static str,
    /// Questions of its coach.
    pub questions: usize,
    /// The shortest and the longest answer, in seconds.
    pub answer_s: (f64, f64),
    /// Every n-th person falls silent in place of pressing the key.
    pub silent: Option<usize>,
    /// How long all of it may take.
    pub patience: Duration,
}

/// What came of a group.
#[derive(Default)]
pub struct Outcome {
    /// Interviews that went to their end with every answer given.
    pub completed: usize,
    /// Silences between an answer that a key ended and the next question.
    pub after_key: Vec<Duration>,
    /// The same where silence had ended the answer, without that silence.
    pub after_silence: Vec<Duration>,
    /// Questions in place of written ones that were late.
    pub fallbacks: usize,
    /// What Twilio's own voice said because no sound was there, and how often.
    pub said: BTreeMap<String, usize>,
    /// The slowest webhook of each kind, in milliseconds.
    pub webhooks: BTreeMap<String, u64>,
    /// Requests of the emulator that the platform did not answer as it should.
    pub errors: usize,
    /// Addresses of the prompts that were played.
    pub prompts: Vec<String>,
    /// Why calls did not go as scripted: the first.
    pub problem: Option<String>,
}

impl Outcome {
    /// The slowest webhook that no provider is waited for in.
    pub fn slowest_ms(&self) -> u64 {
        self.slowest(|kind| !RACED.contains(&kind))
    }

    /// The slowest that may wait for one.
    pub fn slowest_raced_ms(&self) -> u64 {
        self.slowest(|kind| RACED.contains(&kind))
    }

    fn slowest(&self, counts: impl Fn(&str) -> bool) -> u64 {
        let of_kind = |(kind, took): (&String, &u64)| counts(kind).then_some(*took);
        self.webhooks.iter().filter_map(of_kind).max().unwrap_or(0)
    }

    /// Questions that were not ready, with their sound, when their turn came.
    pub fn late(&self) -> usize {
        self.fallbacks + self.said.get("question").copied().unwrap_or(0)
    }

    /// Texts that Twilio's own voice said.
    pub fn said(&self) -> usize {
        self.said.values().sum()
    }

    /// The silences, sorted.
    pub fn latencies(silences: &[Duration]) -> Latencies {
        Latencies::new(silences.to_vec())
    }
}

/// Has them all call, and waits for the last.
pub async fn interview(site: &LocalPlatform, group: &Group) -> Result<Outcome> {
    let deadline = Instant::now() + group.patience;
    let before = last_id(&site.log(0).await?);
    let mut sids = Vec::with_capacity(group.size);
    for n in 0..group.size {
        sids.push(site.call(&script(group, n)).await?);
    }
    let mut outcome = Outcome::default();
    for sid in &sids {
        let view = site.finished(sid, deadline).await?;
        outcome.heard(&view, group.questions);
    }
    outcome.logged(&site.log(before).await?);
    Ok(outcome)
}

/// What a text is: a question that was written, something else.
fn kind_of(text: &str) -> String {
    let is_question = text.contains(QUESTION) || text.contains(FALLBACK);
    match is_question {
        true => "question".to_owned(),
        false => text.chars().take(40).collect(),
    }
}

fn last_id(log: &[Value]) -> u64 {
    log.last()
        .and_then(|entry| entry["id"].as_u64())
        .unwrap_or(0)
}

/// What the `n`-th person does. Answers differ in length, so that they do not all end at once.
fn script(group: &Group, n: usize) -> Value {
    let (shortest, longest) = group.answer_s;
    let silent = group.silent.is_some_and(|every| n % every == every - 1);
    let mut steps = vec![json!({"wait_for": "press or say 1"}), json!({"press": "1"})];
    for question in 0..group.questions {
        let spread = ((n * 7 + question * 3) % 20) as f64 / 19.0;
        let seconds = shortest + (longest - shortest) * spread;
        steps.push(json!({"wait_for": "beep"}));
        steps.push(json!({"speak": {"text": TRANSCRIPT, "seconds": seconds}}));
        if !silent {
            steps.push(json!({"press": "#"}));
        }
    }
    json!({
        "number": group.number,
        "from": format!("+1415{:07}", 3_000_000 + n),
        "steps": steps,
        "expect": {"outcome": "completed"},
    })
}

impl Outcome {
    /// Takes what one person heard and how long they waited.
    fn heard(&mut self, view: &Value, questions: usize) {
        let list = |name: &str| view[name].as_array().cloned().unwrap_or_default();
        let waits = list("waits");
        let given = waits.iter().filter(|wait| wait["ended_by"] != "hang-up");
        let over = view["done"] == true && view["problem"].is_null();
        if over && given.count() == questions {
            self.completed += 1;
        } else {
            let last = list("heard").pop().unwrap_or_default();
            let words = format!(
                "{} of {questions} answers, {}; {}; heard last: {}",
                waits.len(),
                view["status"],
                view["problem"],
                last["text"]
            );
            self.problem.get_or_insert(words);
        }
        // After the last answer no question follows.
        for wait in waits.iter().take(questions.saturating_sub(1)) {
            if let Some(ms) = wait["real_ms"].as_u64() {
                match wait["ended_by"].as_str() {
                    Some("silence") => self.after_silence.push(Duration::from_millis(ms)),
                    _ => self.after_key.push(Duration::from_millis(ms)),
                }
            }
        }
        for heard in list("heard") {
            let text = heard["text"].as_str().unwrap_or_default();
            if heard["kind"] == "say" {
                *self.said.entry(kind_of(text)).or_default() += 1;
            }
            // One by Twilio's own voice is late once.
            self.fallbacks += usize::from(text.contains(FALLBACK) && heard["kind"] != "say");
        }
    }

    /// Takes the requests that were made to the platform.
    fn logged(&mut self, log: &[Value]) {
        for entry in log.iter().filter(|entry| entry["direction"] == "out") {
            self.errors += usize::from(!entry["error_code"].is_null());
            let kind = entry["kind"].as_str().unwrap_or_default();
            if kind == "play" {
                self.prompts
                    .extend(entry["url"].as_str().map(str::to_owned));
                continue;
            }
            let took = entry["took_ms"].as_u64().unwrap_or(0);
            let slowest = self.webhooks.entry(kind.to_owned()).or_default();
            *slowest = took.max(*slowest);
        }
        self.prompts.sort_unstable();
        self.prompts.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_are_told_apart_and_the_last_does_not_count() {
        let wait = |by: &str, ms: u64| json!({"ended_by": by, "real_ms": ms});
        let view = json!({
            "done": true,
            "problem": null,
            "waits": [wait("key", 20), wait("silence", 40), wait("key", 9_000)],
            "heard": [
                {"kind": "play", "text": "a1.wav: Reserve 2: what did you learn last?"},
                {"kind": "say", "text": "Thank you."},
            ],
        });
        let mut outcome = Outcome::default();
        outcome.heard(&view, 3);
        assert_eq!(
            (outcome.completed, outcome.said(), outcome.fallbacks),
            (1, 1, 1)
        );
        assert_eq!(outcome.after_key, [Duration::from_millis(20)]);
        assert_eq!(outcome.after_silence, [Duration::from_millis(40)]);
        outcome.heard(
            &json!({"done": true, "problem": null, "waits": [wait("key", 20)]}),
            3,
        );
        assert_eq!(outcome.completed, 1);
        assert!(outcome.problem.is_some());
    }

    #[test]
    fn webhooks_that_may_wait_for_a_provider_are_kept_apart() {
        let entry = |kind: &str, took: u64| json!({"direction": "out", "kind": kind, "took_ms": took, "url": "http://x/audio/a.wav"});
        let mut outcome = Outcome::default();
        outcome.logged(&[
            entry("record-action", 30),
            entry("record-action", 12),
            entry("redirect", 7_000),
            entry("play", 8_000),
            json!({"direction": "in", "kind": "rest", "took_ms": 9_000}),
        ]);
        assert_eq!(
            (outcome.slowest_ms(), outcome.slowest_raced_ms()),
            (30, 7_000)
        );
        assert_eq!((outcome.prompts.len(), outcome.errors), (1, 0));
    }
}
