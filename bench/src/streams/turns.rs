//! How soon a turn is answered, and how soon an interruption is heard, with few calls on the line.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::crowd::{Crowd, PROMPT, place, site};
use super::frames::SERIES;
use super::line::Manner;
use crate::events::Events;
use crate::load::Latencies;
use crate::silence::provider::Manner as Pace;
use crate::{Options, say};

/// Calls at the same time.
const CALLS: usize = 20;
/// Turns that are looked at: enough for the worst of a hundred not to be one of them, or for what lies in the middle.
const TURNS: usize = 300;
const TURNS_AT_TARGETS: usize = 60;
/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(150);
/// Fewer prove nothing.
const FEWEST: usize = 10;

/// Twilio's targets for what is not the platform's.
const TARGETS: Pace = Pace {
    chat: Duration::from_millis(375),
    speech: Duration::from_millis(100),
    transcription: Duration::from_millis(350),
    transcript: "yes I am",
};

/// Turns and interruptions with providers that answer at once; then what a caller waits with providers at Twilio's targets.
pub async fn measure(options: &Options) -> Result<Value> {
    say("bench: streams, turns and interruptions");
    let prompt = turns(options, "turns", PROMPT, "bot:bench-bot", TURNS).await?;
    say("bench: streams, turns with providers at Twilio's targets");
    let count = TURNS_AT_TARGETS;
    let targets = turns(options, "targets", TARGETS, "assistant:bench-desk", count).await?;
    Ok(json!({
        "turns": prompt.beyond.len(),
        "turn_p50_ms": prompt.beyond.ms(0.50), "turn_p99_ms": prompt.beyond.ms(0.99),
        "hangover_p50_ms": prompt.hangover.ms(0.50),
        "clears": prompt.clears.len(),
        "clear_p50_ms": prompt.clears.ms(0.50), "clear_p99_ms": prompt.clears.ms(0.99),
        "ear_turns": targets.response.len(),
        "ear_p50_ms": targets.response.ms(0.50), "ear_p99_ms": targets.response.ms(0.99),
        "ear_own_p50_ms": targets.own.ms(0.50), "ear_own_p99_ms": targets.own.ms(0.99),
        "ear_hangover_p50_ms": targets.hangover.ms(0.50),
    }))
}

struct Turns {
    /// From the caller's last sound to our first frame.
    response: Latencies,
    /// The same without what the providers took.
    own: Latencies,
    /// Of it, the silence that ends what was said.
    hangover: Latencies,
    /// And the rest.
    beyond: Latencies,
    /// From the frame that decided to the `clear`.
    clears: Latencies,
}

async fn turns(
    options: &Options,
    name: &str,
    pace: Pace,
    app: &str,
    count: usize,
) -> Result<Turns> {
    let (site, provider) = site(options, name, pace, app).await?;
    let place = place(&site);
    let mut events = Events::follow(&site, "turn.taken").await?;
    let mut crowd = Crowd::default();
    let call = async |n: u64| {
        // Assistants are not interrupted: what they say is short.
        let may = app.starts_with("bot") && n.is_multiple_of(2);
        let manner = if may {
            Manner::Interrupting
        } else {
            Manner::Polite
        };
        place.call(SERIES + 2, n, manner).await
    };
    crowd.grow(CALLS, call).await?;
    let deadline = Instant::now() + PATIENCE;
    let (mut response, mut hangover, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
    // One after the other: what is said is too short to be spoken in parts.
    let theirs = pace.transcription + pace.chat + pace.speech;
    while beyond.len() < count {
        let Ok(event) = timeout_at(deadline, events.next()).await else {
            break;
        };
        let (_, event) = event?;
        let ms = |name: &str| event["data"][name].as_u64().map(Duration::from_millis);
        // A greeting answers nobody.
        if let (Some(whole), Some(silence)) = (ms("response_ms"), ms("hangover_ms")) {
            response.push(whole);
            hangover.push(silence);
            beyond.push(whole.saturating_sub(silence));
        }
    }
    drop(crowd);
    let clears = place.tally.clears();
    site.stop().await;
    provider.stop().await;
    ensure!(
        beyond.len() >= FEWEST,
        "only {} turns in {PATIENCE:?}; see logs/{name}.log",
        beyond.len()
    );
    let own = response.iter().map(|it| it.saturating_sub(theirs));
    Ok(Turns {
        own: Latencies::new(own.collect()),
        response: Latencies::new(response),
        hangover: Latencies::new(hangover),
        beyond: Latencies::new(beyond),
        clears,
    })
}
