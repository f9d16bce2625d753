//! What a call costs more since webhooks, effects and providers are noted in its timeline: the same calls on two platforms in
//! turns, one that keeps notes and one that does not (`TRUNKLINE_TIMELINE_NOTES=off`).

use std::fmt::{self, Write};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Options;
use crate::aims::Aim;
use crate::load::{self, Contender};
use crate::platform::Platform;
use crate::section::{Figures, Section};
use crate::twilio::Requests;

/// The part `notes`.
pub const SECTION: Section = Section {
    part: "notes",
    write,
    aims: &[
        Aim::at_most(
            1.1,
            "×",
            "notes",
            "p50_ratio",
            "a call's answer with notes in its timeline, over the same without (median)",
        ),
        Aim::at_least(
            0.9,
            "×",
            "notes",
            "per_cpu_ratio",
            "calls with notes over calls without, requests per CPU second of the three processes",
        ),
    ],
};

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    text.push_str("\n| calls routed to their <Dial> | requests per CPU second | p50 ms | p99 ms |\n| --- | ---: | ---: | ---: |\n");
    for (what, of) in [("with notes", "on"), ("without", "off")] {
        let figure = |name: &str| figures.get(&format!("{of}_{name}"));
        writeln!(
            text,
            "| {what} | {:.0} | {:.2} | {:.2} |",
            figure("requests_per_cpu_s"),
            figure("p50_ms"),
            figure("p99_ms")
        )?;
    }
    Ok(())
}

/// Both under load in turns.
pub async fn measure(options: &Options) -> Result<Value> {
    let on = Platform::named(options, "noted", &[]).await?;
    let settings = [("TRUNKLINE_TIMELINE_NOTES", "off")];
    let off = Platform::named(options, "unnoted", &settings).await;
    let figures = match &off {
        Ok(off) => in_turns(options, &on, off).await,
        Err(error) => Err(anyhow::anyhow!("{error:#}")),
    };
    on.stop().await?;
    if let Ok(off) = off {
        off.stop().await?;
    }
    figures
}

async fn in_turns(options: &Options, on: &Platform, off: &Platform) -> Result<Value> {
    let contenders = [on, off].map(|platform| Contender {
        requests: Requests::voice(platform.port()),
        servers: platform.servers(),
    });
    let mut figures = load::in_turns(&contenders, &options.plan())
        .await?
        .into_iter();
    let (on, off) = figures.next().zip(figures.next()).context("no figures")?;
    Ok(json!({
        "on_requests_per_cpu_s": on.per_cpu_second,
        "on_p50_ms": on.paced.ms(0.50), "on_p99_ms": on.paced.ms(0.99),
        "off_requests_per_cpu_s": off.per_cpu_second,
        "off_p50_ms": off.paced.ms(0.50), "off_p99_ms": off.paced.ms(0.99),
        "p50_ratio": on.paced.ms(0.50) / off.paced.ms(0.50),
        "per_cpu_ratio": on.per_cpu_second / off.per_cpu_second,
    }))
}
