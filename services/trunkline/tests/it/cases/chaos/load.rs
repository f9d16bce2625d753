//! Who calls and writes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::Run;
use crate::cases::fixtures::{self, CLOSED, HARBOR, SMITH, SMITH_SECOND, TAPED};
use crate::cases::interviews::coached;
use crate::local_platform::{LocalPlatform, stays};

/// Numbers that are missed.
const NUMBERS: [&str; 4] = [SMITH, SMITH_SECOND, CLOSED, HARBOR];
/// A coach who asks two questions.
const COACH: &str = "+15550100401";
/// A bot on a media stream, and the same by way of Twilio's ears and voice.
const BOT: &str = "+15550100402";
const RELAYED: &str = "+15550100403";
/// How many flows there are.
pub const FLOWS: usize = 3;
/// How long after one of the calls that cost much the next one comes.
const DEAR: Duration = Duration::from_millis(2_500);

/// What was begun.
pub enum Sent {
    /// A caller is missed, and texted.
    Missed { sid: String, from: String },
    /// A customer writes.
    Text { from: String, words: String },
    /// Two questions are answered.
    Interview { sid: String },
    /// A bot asks by sound, or by words.
    Bot { sid: String, by: &'static str },
    /// A call is put through, and recorded.
    Recorded { sid: String },
}

impl Sent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Missed { .. } => "missed calls",
            Self::Text { .. } => "texts",
            Self::Interview { .. } => "interviews",
            Self::Bot { by, .. } => by,
            Self::Recorded { .. } => "recorded calls",
        }
    }
}

/// How many of each.
pub fn counted(sent: &[Sent]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for it in sent {
        *counts.entry(it.kind()).or_default() += 1;
    }
    let counts = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
    counts.collect::<Vec<_>>().join(", ")
}

/// The businesses of the other cases, with a coach and bots.
pub fn world() -> String {
    let tenants = fixtures::world();
    let bot = |name: &str, engine: &str| {
        format!(
            r#"
- name: {name}
  tenant: loans
  kind: eligibility
  engine: {engine}
  greeting: "Hello, this is QuickRupee."
  questions:
  - {{id: salaried, ask: "Are you a salaried employee?", expect: yes_no}}
  - {{id: metro, ask: "Do you live in a metro city?", expect: yes_no}}
  rule: all_yes
  eligible: "Great, you are eligible. Our team will call you."
  not_eligible: "Thank you. You are not eligible at this time."
  max_call_s: 120"#
        )
    };
    let (streamed, relayed) = (bot("streamed", "media"), bot("relayed", "relay"));
    format!(
        r#"{tenants}
- id: coaching
  name: Coaching Co
  numbers: [{{number: "{COACH}", voice: "coach:short", sms: none}}]
- id: loans
  name: QuickRupee
  numbers:
  - {{number: "{BOT}", voice: "bot:streamed", sms: none}}
  - {{number: "{RELAYED}", voice: "bot:relayed", sms: none}}
flows:
- name: short
  tenant: coaching
  kind: coach
  spoken_feedback: false
  questions: ["What do you do?", "Why do you do it?"]{streamed}{relayed}
"#
    )
}

/// Another caller each time, also of a long run.
fn caller(n: usize) -> String {
    format!("+1555{:07}", 2_000_000 + n)
}

/// Callers and customers, so many a second; which, by the seed. Of those that cost much there is one every few seconds,
/// each kind in turn.
pub async fn load(platform: &LocalPlatform, run: &Run) -> Vec<Sent> {
    let mut random = StdRng::seed_from_u64(run.seed);
    let mut sent = Vec::new();
    let (mut dear, mut next_dear) = (0, run.began);
    while run.goes_on() {
        let nth = sent.len();
        let from = caller(nth);
        let it = if Instant::now() >= next_dear {
            next_dear += DEAR;
            dear += 1;
            costly(platform, dear, &from).await
        } else {
            cheap(platform, &mut random, nth, from).await
        };
        sent.push(it);
        let due = Duration::from_millis(1_000 * sent.len() as u64 / run.rate);
        let jitter = Duration::from_millis(random.random_range(0..500 / run.rate + 1));
        tokio::time::sleep(due.saturating_sub(run.began.elapsed()) + jitter).await;
    }
    sent
}

async fn cheap(platform: &LocalPlatform, random: &mut StdRng, nth: usize, from: String) -> Sent {
    let to = NUMBERS.choose(random).unwrap();
    if random.random_bool(0.6) {
        let sid = platform.twilio.call(&from, to, stays()).await;
        return Sent::Missed { sid, from };
    }
    let words = format!("Chaos text number {nth}: is anybody there?");
    platform.twilio.text(&from, SMITH, &words).await;
    Sent::Text { from, words }
}

async fn costly(platform: &LocalPlatform, turn: usize, from: &str) -> Sent {
    match turn % 4 {
        1 => {
            let said = [
                format!("I build number {turn} of our houses."),
                format!("I like the look of number {turn} when it is done."),
            ];
            said.iter().for_each(|words| platform.secret(words));
            let steps = coached(&[&said[0], &said[1]]);
            let sid = platform.twilio.call(from, COACH, steps).await;
            Sent::Interview { sid }
        }
        2 => {
            let sid = platform.twilio.call(from, BOT, loan()).await;
            Sent::Bot {
                sid,
                by: "streamed bots",
            }
        }
        3 => {
            let sid = platform.twilio.call(from, RELAYED, loan()).await;
            Sent::Bot {
                sid,
                by: "relayed bots",
            }
        }
        _ => {
            let steps =
                json!([{ "wait_for": "recorded" }, { "speak": { "text": "The boiler is dead." } }]);
            let sid = platform.twilio.call(from, TAPED, steps).await;
            Sent::Recorded { sid }
        }
    }
}

fn loan() -> Value {
    json!([
        { "wait_for": "salaried employee" }, { "speak": { "text": "yes I am" } },
        { "wait_for": "metro city" }, { "press": "1" },
        { "wait_for": "Our team will call you" },
    ])
}
