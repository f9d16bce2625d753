//! Calls that go on at the same time, and what they cost the server that holds them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::frames::SERIES;
use super::line::{Line, Place, Sounds};
use super::tally::Tally;
use crate::Options;
use crate::load::mib;
use crate::local_platform::{LocalPlatform, Setup};
use crate::process::{self, Server};
use crate::silence::provider::{Manner as Pace, Provider};
use crate::twilio::{NUMBER, Requests};

/// Calls that are set up at the same time.
const CONCURRENCY: usize = 8;
/// What a step has begun is over before it counts.
pub const SETTLES: Duration = Duration::from_secs(2);

/// Providers that answer at once.
pub const PROMPT: Pace = Pace {
    chat: Duration::ZERO,
    speech: Duration::ZERO,
    transcription: Duration::ZERO,
    transcript: "yes I am",
};

/// The platform with a bot that asks for as long as it is answered.
pub async fn site(
    options: &Options,
    name: &str,
    pace: Pace,
    app: &str,
) -> Result<(LocalPlatform, Provider)> {
    let provider = Provider::start(pace)?;
    // About ten seconds each, so that sound goes both ways most of the time.
    let question = "please tell me whether the place where you live and the place where you work are in the same town, so \
                    that we know who can come by, yes or no?";
    let questions: Vec<Value> = (1..=50)
        .map(|n| json!({"ask": format!("Number {n}: {question}"), "expect": "yes_no"}))
        .collect();
    let document = json!({
        "tenants": [{
            "id": "bench-streams", "name": "Bench", "timezone": "UTC",
            "recording": {"enabled": true, "format": "wav", "consent_notice": false},
            "numbers": [{"number": NUMBER, "voice": app, "sms": "none"}],
        }],
        "flows": [
            {"name": "bench-bot", "kind": "eligibility", "questions": questions, "max_call_s": 900},
            {"name": "bench-desk", "kind": "conversation", "instructions": "You answer calls of a workshop.", "max_call_s": 900},
        ],
    });
    let settings = vec![
        ("OPENAI_API_KEY", "bench".to_owned()),
        ("OPENAI_BASE_URL", provider.url.clone()),
        ("TRUNKLINE_AI_CONCURRENCY", "1000".to_owned()),
    ];
    let setup = Setup {
        name,
        settings,
        document,
    };
    let site = LocalPlatform::start(options, &setup).await?;
    site.settle(&Requests::bot(site.port), SERIES).await?;
    Ok((site, provider))
}

/// Where its calls are made.
pub fn place(site: &LocalPlatform) -> Place {
    Place {
        port: site.port,
        requests: Requests::bot(site.port),
        sounds: Rc::new(Sounds::new()),
        tally: Rc::default(),
    }
}

/// Calls that go on.
#[derive(Default)]
pub struct Crowd {
    lines: JoinSet<()>,
    size: usize,
}

impl Crowd {
    /// Grows to this size, one call after the other, a few at the same time.
    pub async fn grow(&mut self, to: usize, call: impl AsyncFn(u64) -> Result<Line>) -> Result<()> {
        let next = self.size..to;
        let calls = stream::iter(next).map(|n| call(n as u64));
        let mut calls = std::pin::pin!(calls.buffer_unordered(CONCURRENCY));
        while let Some(line) = calls.next().await {
            self.lines.spawn_local(line?.hold());
        }
        self.size = to;
        Ok(())
    }
}

/// What a crowd of a size costs a server.
pub async fn step(
    options: &Options,
    crowd: &Crowd,
    server: &Server,
    tally: &Tally,
    idle: u64,
) -> Result<Value> {
    sleep(SETTLES).await;
    let (before, start) = (process::usage(&[server])?, Instant::now());
    tally.begin();
    sleep(Duration::from_secs(options.stream_seconds)).await;
    let (after, took) = (process::usage(&[server])?, start.elapsed().as_secs_f64());
    let counted = tally.end();
    let calls = crowd.size as f64;
    let cores = after.cpu.saturating_sub(before.cpu).as_secs_f64() / took;
    Ok(json!({
        "calls": crowd.size, "broken": tally.broken(), "cores": cores,
        "cpu_per_call_ms": cores * 1_000.0 / calls,
        "late_p50_ms": counted.late.ms(0.50), "late_p99_ms": counted.late.ms(0.99),
        "own_p99_ms": counted.own.ms(0.99),
        "frames_per_call_s": counted.frames as f64 / took / calls,
        "rss_per_call_mib": mib(after.rss.saturating_sub(idle)) / calls,
    }))
}
