//! Calls on media streams: how many at once, what one costs beside a bare echo of the same frames, how late frames are, and how soon a
//! turn and an interruption are answered.

mod chart;
mod crowd;
mod echo;
mod frames;
mod line;
mod shown;
mod socket;
mod tally;
mod turns;

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::LocalSet;
use tokio::time::sleep;

use crowd::{Crowd, PROMPT, SETTLES, place, site, step};
pub use echo::serve as serve_echo;
use frames::SERIES;
use line::{Manner, Place, Sounds};
pub use shown::{PIPECAT, SECTION};

use crate::twilio::Requests;
use crate::{Options, peers, process, say};

/// Sockets of Pipecat's at the same time: more would only wait for a processor.
const OF_PIPECAT: usize = 20;
/// Frames that are later than this at the 99th percentile: what comes after is not tried any more.
const HOPELESS_MS: f64 = 1_000.0;
/// Frames should not be later.
const LATE_MS: f64 = 10.0;

/// Measures.
pub async fn measure(options: &Options) -> Result<Value> {
    let local = LocalSet::new();
    let work = async {
        let mut figures = turns::measure(options).await?;
        let steps = load(options).await?;
        for (name, figure) in summary(&steps) {
            figures[name] = figure;
        }
        let chart = options.charts.join("streams.svg");
        std::fs::create_dir_all(&options.charts)?;
        std::fs::write(&chart, chart::draw(&steps))?;
        figures["steps"] = Value::Array(steps);
        Ok(figures)
    };
    local.run_until(work).await
}

/// Ever more calls, and as many on an echo.
async fn load(options: &Options) -> Result<Vec<Value>> {
    let (site, provider) = site(options, "streams", PROMPT, "bot:bench-bot").await?;
    let place = place(&site);
    let mut crowd = Crowd::default();
    let mut steps = Vec::new();
    // What is loaded and kept for the first calls is not a call's.
    crowd
        .grow(5, async |n| place.call(SERIES + 1, n, Manner::Polite).await)
        .await?;
    sleep(SETTLES).await;
    let idle = process::usage(&[&site.server])?.rss;
    for calls in &options.calls {
        say(&format!("bench: streams, {calls} calls"));
        let call = async |n| place.call(SERIES + 1, n, Manner::Polite).await;
        crowd.grow(*calls, call).await?;
        let figures = step(options, &crowd, &site.server, &place.tally, idle).await?;
        let late = figures["late_p99_ms"].as_f64().unwrap_or_default();
        steps.push(figures);
        if late > HOPELESS_MS {
            break;
        }
    }
    drop(crowd);
    site.stop().await;
    provider.stop().await;
    ensure!(!steps.is_empty(), "no number of calls was given");
    echoed(options, &mut steps).await?;
    Ok(steps)
}

/// The same frames through an echo.
async fn echoed(options: &Options, steps: &mut [Value]) -> Result<()> {
    let (server, port) = echo::start(options).await?;
    let place = Place {
        port,
        requests: Requests::bot(port),
        sounds: Rc::new(Sounds::new()),
        tally: Rc::default(),
    };
    let mut crowd = Crowd::default();
    for ours in steps {
        let calls = ours["calls"].as_u64().context("no number of calls")?;
        say(&format!("bench: streams, {calls} echoes"));
        crowd
            .grow(usize::try_from(calls)?, async |n| place.echo(n).await)
            .await?;
        let echo = step(options, &crowd, &server, &place.tally, 0).await?;
        for name in [
            "cores",
            "late_p99_ms",
            "frames_per_call_s",
            "cpu_per_call_ms",
        ] {
            ours[format!("echo_{name}")] = echo[name].clone();
        }
        let cost = |figures: &Value| figures["cpu_per_call_ms"].as_f64().unwrap_or(f64::NAN);
        ours["over_echo"] = json!(cost(ours) / cost(&echo));
    }
    drop(crowd);
    server.stop().await;
    Ok(())
}

/// The same frames through Pipecat's serializer: no pipeline, no voice activity, no recording.
pub async fn pipecat(options: &Options) -> Result<Value> {
    let peer = peers::pipecat(options).await?;
    let place = Place {
        port: peer.port,
        requests: Requests::bot(peer.port),
        sounds: Rc::new(Sounds::new()),
        tally: Rc::default(),
    };
    let work = async {
        let mut crowd = Crowd::default();
        crowd
            .grow(OF_PIPECAT, async |n| place.echo(n).await)
            .await?;
        step(options, &crowd, &peer.server, &place.tally, 0).await
    };
    let figures = LocalSet::new().run_until(work).await;
    peer.stop(options).await?;
    figures
}

/// Of the largest number of calls whose frames are in time, and none of which broke; where that is none, of the smallest.
fn summary(steps: &[Value]) -> Vec<(&'static str, Value)> {
    let holds = |step: &&Value| {
        step["late_p99_ms"].as_f64().is_some_and(|it| it <= LATE_MS) && step["broken"] == 0
    };
    let held = steps.iter().rfind(holds);
    let shown = held.or_else(|| steps.first());
    let calls = held.map_or(json!(0), |step| step["calls"].clone());
    let mut figures = vec![("held", calls)];
    let names = [
        "late_p99_ms",
        "rss_per_call_mib",
        "over_echo",
        "cpu_per_call_ms",
    ];
    figures.extend(names.map(|name| {
        let figure = shown.map(|step| step[name].clone());
        (name, figure.unwrap_or_default())
    }));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_is_of_the_most_calls_in_time() {
        let step = |calls: u64, late: f64| json!({"calls": calls, "broken": 0, "late_p99_ms": late, "over_echo": 2.0});
        let steps = [step(100, 2.0), step(250, 9.0), step(500, 40.0)];
        let found = summary(&steps);
        assert_eq!(found[0], ("held", json!(250)));
        assert_eq!(found[1], ("late_p99_ms", json!(9.0)));
        assert_eq!(summary(&steps[2..])[0], ("held", json!(0)));
    }
}
