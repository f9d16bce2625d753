//! What a caller hears while an AI provider thinks: nothing, and for how long.

mod answer;
mod callers;
mod local_platform;
pub mod provider;
mod spoken;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::Options;
use crate::load::Latencies;
use crate::say;
use callers::{Group, Outcome, interview};
use local_platform::{LONG, LocalPlatform, SHORT, SILENCE_S};
use provider::{Manner, Provider};

/// What the provider takes for everything.
const SLOW: Manner = Manner {
    chat: Duration::from_secs(5),
    speech: Duration::from_secs(3),
    transcription: Duration::from_secs(4),
    transcript: answer::TRANSCRIPT,
};
/// How often a prompt is fetched.
const FETCHES: usize = 1_000;
/// How long everything prepared at the start, the provider's speech included, may take before the first call.
const WARM_UP: Duration = Duration::from_secs(6);

/// Three groups call one after the other: some as people do, a crowd, and some whose chat model never answers.
pub async fn measure(options: &Options) -> Result<Value> {
    let provider = Provider::start(SLOW)?;
    let site = LocalPlatform::start(options, &provider.url).await?;
    let figures = groups(options, &provider, &site).await;
    site.stop().await?;
    provider.stop().await;
    figures
}

async fn groups(options: &Options, provider: &Provider, site: &LocalPlatform) -> Result<Value> {
    tokio::time::sleep(WARM_UP).await;
    let some = group(options.interviews, LONG, 3, (10.0, 14.0), 130);
    let few = run(
        "some",
        site,
        &Group {
            silent: Some(2),
            ..some
        },
    )
    .await?;
    let prompts = prompts(site, &few).await?;
    say("bench: silence, spoken: answers to Twilio's own ears");
    let spoken = spoken::spoken(site).await?;
    let crowd = group(options.crowd, SHORT, 2, (10.0, 14.0), 100);
    let crowd = run("crowd", site, &crowd).await?;
    let asked = provider.asked();
    provider.fall_silent();
    let mute = group(options.interviews, SHORT, 2, (2.0, 3.0), 80);
    let mute = run("mute", site, &mute).await?;

    let key = Outcome::latencies(&few.after_key);
    let silence = Outcome::latencies(&few.after_silence);
    let all = Outcome::latencies(&crowd.after_key);
    Ok(json!({
        "interviews": options.interviews,
        "completed": few.completed,
        "answers": key.len() + silence.len(),
        "key_p50_ms": key.ms(0.50),
        "key_p95_ms": key.ms(0.95),
        "silence_p50_ms": silence.ms(0.50),
        "silence_p95_ms": silence.ms(0.95),
        "own_silence_s": SILENCE_S,
        "spoken_p50_ms": spoken.silence.ms(0.50),
        "spoken_p95_ms": spoken.silence.ms(0.95),
        "spoken_own_ms": spoken.own_ms,
        "spoken_completed": spoken.completed,
        "missed": few.late(),
        "said": few.said(),
        "said_what": few.said,
        "errors": few.errors,
        "webhook_slowest_ms": few.slowest_ms(),
        "raced_slowest_ms": few.slowest_raced_ms(),
        "webhooks_ms": few.webhooks,
        "prompt_p50_ms": prompts.ms(0.50),
        "prompt_p99_ms": prompts.ms(0.99),
        "crowd": options.crowd,
        "crowd_completed": crowd.completed,
        "crowd_unfinished": options.crowd - crowd.completed,
        "crowd_p50_ms": all.ms(0.50),
        "crowd_p95_ms": all.ms(0.95),
        "crowd_fallbacks": crowd.fallbacks,
        "crowd_said": crowd.said(),
        "crowd_said_what": crowd.said,
        "crowd_missed": crowd.late(),
        "crowd_errors": crowd.errors,
        "crowd_webhook_slowest_ms": crowd.slowest_ms(),
        "crowd_webhooks_ms": crowd.webhooks,
        "mute_completed": mute.completed,
        "mute_fallbacks": mute.late(),
        "mute_webhook_slowest_ms": mute.slowest_ms().max(mute.slowest_raced_ms()),
        "mute_webhooks_ms": mute.webhooks,
        "asked": {"chat": asked[0], "speech": asked[1], "transcription": asked[2]},
    }))
}

fn group(
    size: usize,
    number: &'static str,
    questions: usize,
    answer_s: (f64, f64),
    patience_s: u64,
) -> Group {
    Group {
        size,
        number,
        questions,
        answer_s,
        silent: None,
        patience: Duration::from_secs(patience_s),
    }
}

async fn run(name: &str, site: &LocalPlatform, group: &Group) -> Result<Outcome> {
    say(&format!(
        "bench: silence, {name}: {} interviews",
        group.size
    ));
    let began = Instant::now();
    let outcome = interview(site, group)
        .await
        .with_context(|| format!("{name}: {} interviews", group.size))?;
    say(&format!(
        "bench: silence, {name}: {} of {} completed in {:.0} s",
        outcome.completed,
        group.size,
        began.elapsed().as_secs_f64()
    ));
    if let Some(problem) = &outcome.problem {
        say(&format!("bench: silence, {name}: {problem}"));
    }
    Ok(outcome)
}

/// Fetches a prompt that has been played, again and again.
async fn prompts(site: &LocalPlatform, played: &Outcome) -> Result<Latencies> {
    let Some(url) = played.prompts.first() else {
        bail!("no prompt was played");
    };
    let mut took = Vec::with_capacity(FETCHES);
    for _ in 0..FETCHES {
        took.push(site.first_byte(url).await?);
    }
    Ok(Latencies::new(took))
}
