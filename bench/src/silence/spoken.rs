//! The silence after an answer that is spoken to Twilio's own ears: what Twilio waits to see whether more is said, and what we take.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::local_platform::{LocalPlatform, QUESTIONS, SPOKEN};
use crate::load::Latencies;

/// How many call at the same time.
const CALLERS: usize = 10;
/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What followed spoken answers.
pub struct Spoken {
    /// From the end of an answer to the next sound, Twilio's own waiting included.
    pub silence: Latencies,
    /// What of it is Twilio's, in milliseconds.
    pub own_ms: f64,
    /// Calls that went as scripted.
    pub completed: usize,
}

/// Calls that are answered by voice.
pub async fn spoken(site: &LocalPlatform) -> Result<Spoken> {
    let deadline = Instant::now() + PATIENCE;
    let mut sids = Vec::new();
    for n in 0..CALLERS {
        sids.push(site.call(&script(n)).await?);
    }
    let (mut silence, mut own_ms, mut completed) = (Vec::new(), 0.0, 0);
    for sid in &sids {
        let view = site.finished(sid, deadline).await?;
        completed += usize::from(view["done"] == true && view["problem"].is_null());
        for wait in view["waits"].as_array().into_iter().flatten() {
            if let Some(took) = wait["real_ms"].as_u64() {
                let own = wait["own_timeout_ms"].as_u64().unwrap_or_default();
                own_ms = own as f64;
                silence.push(Duration::from_millis(own + took));
            }
        }
    }
    ensure!(
        !silence.is_empty(),
        "no spoken answer was followed by a sound"
    );
    Ok(Spoken {
        silence: Latencies::new(silence),
        own_ms,
        completed,
    })
}

fn script(n: usize) -> Value {
    let question = |at: usize| {
        let asked = json!({"wait_for": format!("Question {at}")});
        [asked, json!({"speak": {"text": "yes", "seconds": 0.8}})]
    };
    let steps: Vec<Value> = (1..=QUESTIONS).flat_map(question).collect();
    json!({
        "number": SPOKEN,
        "from": format!("+1415{:07}", 3_500_000 + n),
        "steps": steps,
        "expect": {"outcome": "completed"},
    })
}
