//! What passed: webhooks and requests in the emulator's log, events on the bus.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Tap, Tapped};
use serde_json::Value;

/// What is told once of a call, however often it is decided.
const ONCE: [&str; 6] = [
    "call.started",
    "call.missed",
    "call.ended",
    "interview.started",
    "interview.ended",
    "interview.evaluated",
];

/// What is told of each stream of a call, of which there may be several.
const OF_STREAMS: [&str; 2] = ["stream.started", "stream.ended"];

/// Where an event of this type is counted.
fn place(kind: &str) -> Option<usize> {
    let mut counted = ONCE.iter().chain(&OF_STREAMS);
    counted.position(|it| *it == kind)
}

/// What passed so far.
#[derive(Default)]
pub struct Seen {
    pub webhooks: u64,
    pub accepted: u64,
    pub longest_ms: u64,
    /// Calls whose first webhook was answered with success.
    pub calls: HashSet<String>,
    /// The words of texts whose webhook was answered with success.
    pub texts: HashSet<String>,
    /// The questions of a call whose answers were taken: the recordings of each.
    pub answers: HashMap<String, BTreeMap<u32, BTreeSet<String>>>,
    /// The recordings of a call that we were told of.
    pub recordings: HashMap<String, BTreeSet<String>>,
    /// How many texts Twilio took for a phone.
    pub texted: HashMap<String, u32>,
    ids: HashSet<String>,
    /// Events that passed too fast to be looked at.
    missed: u64,
    once: HashMap<(usize, String), HashSet<String>>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events, {} webhooks accepted of {}, longest answer {} ms",
            self.events(),
            self.accepted,
            self.webhooks,
            self.longest_ms,
        )
    }
}

impl Seen {
    /// Different events on the bus; a second delivery is none.
    pub fn events(&self) -> u64 {
        self.ids.len() as u64 + self.missed
    }

    /// What has come twice though it comes once.
    pub fn doubled(&self) -> Vec<String> {
        let once = self.once.iter().filter(|((at, _), _)| *at < ONCE.len());
        let twice = once.filter(|(_, ids)| ids.len() > 1);
        let told = twice.map(|((at, key), ids)| format!("{} {} of {key}", ids.len(), ONCE[*at]));
        told.collect()
    }

    /// How often this was told of a call.
    pub fn told(&self, kind: &str, call: &str) -> usize {
        let at = place(kind).expect(kind);
        let ids = self.once.get(&(at, call.to_owned()));
        ids.map_or(0, HashSet::len)
    }

    /// An entry of the emulator's log.
    pub fn note(&mut self, entry: &Value) {
        let status = entry["status"].as_u64().unwrap_or_default();
        let is_well = (200..300).contains(&status);
        let parameter = |name: &str| {
            let all = entry["params"].as_array().into_iter().flatten();
            let mut found = all.filter(|it| it[0] == name);
            found
                .next()
                .and_then(|it| it[1].as_str())
                .map(str::to_owned)
        };
        if entry["direction"] == "in" {
            let url = entry["url"].as_str().unwrap_or_default();
            if entry["method"] == "POST" && url.ends_with("/Messages.json") && is_well {
                *self.texted.entry(parameter("To").unwrap()).or_default() += 1;
            }
            return;
        }
        if entry["direction"] != "out" {
            return;
        }
        self.webhooks += 1;
        let took = entry["took_ms"].as_u64().unwrap_or_default();
        self.longest_ms = self.longest_ms.max(took);
        if !is_well {
            return;
        }
        self.accepted += 1;
        let call = entry["sid"].as_str().unwrap_or_default().to_owned();
        match entry["kind"].as_str().unwrap_or_default() {
            "voice" => {
                self.calls.insert(call);
            }
            "sms" | "message-inbound" => self.texts.extend(parameter("Body")),
            "record-action" => {
                let number = question(entry["url"].as_str().unwrap_or_default());
                if let (Some(number), Some(recording)) = (number, parameter("RecordingSid")) {
                    let answers = self.answers.entry(call).or_default();
                    answers.entry(number).or_default().insert(recording);
                }
            }
            "recording-status"
                if parameter("RecordingStatus").is_some_and(|it| it == "completed") =>
            {
                let told = self.recordings.entry(call).or_default();
                told.extend(parameter("RecordingSid"));
            }
            _ => {}
        }
    }
}

/// The question that an answer's address names.
fn question(url: &str) -> Option<u32> {
    let (_, rest) = url.split_once("question_number=")?;
    rest.split(['&', '#']).next()?.parse().ok()
}

/// Looks at every event until it is over. The test's own connection is not cut.
pub async fn follow_bus(mut tap: Tap, over: &AtomicBool, seen: &Mutex<Seen>) {
    const LOOK: Duration = Duration::from_millis(200);
    loop {
        let Ok(tapped) = tokio::time::timeout(LOOK, tap.next()).await else {
            if over.load(Ordering::Relaxed) {
                return;
            }
            continue;
        };
        let mut seen = seen.lock().unwrap();
        match tapped {
            Some(Tapped::Event(event)) => {
                if let (Some(at), Some(key)) = (place(&event.kind), &event.key) {
                    let ids = seen.once.entry((at, key.clone())).or_default();
                    ids.insert(event.id.clone());
                }
                seen.ids.insert(event.id);
            }
            Some(Tapped::Missed(count)) => seen.missed += count,
            None => return,
        }
    }
}
