//! A tenant's thousands of texts wait for the pace of its number: how long another tenant's text takes to Twilio meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::StreamExt;
use futures::stream;
use serde_json::json;
use tokio::time::{sleep, sleep_until};

use crate::load::Latencies;
use crate::local_platform::LocalPlatform;
use crate::seed;

/// The other tenant's number.
pub const NUMBER: &str = "+14155550103";
/// The crowd: texts of one tenant, and how many are asked for at once.
const CROWD: usize = 10_000;
const AT_ONCE: usize = 16;
/// The other tenant's texts, while the crowd comes and while it waits; how far apart they fall due.
pub const NEIGHBOURS: usize = 60;
const GAP: Duration = Duration::from_millis(500);
/// How long one may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the other tenant's texts took, and how many of the crowd were taken by the platform.
pub async fn measure(site: &LocalPlatform, threads: usize) -> Result<(Latencies, usize)> {
    let crowd = CROWD.min(threads);
    let asked = stream::iter(0..crowd).map(async |n| {
        let path = format!("/conversations/{}/messages", seed::thread_id(n));
        site.post(
            &path,
            &json!({ "body": format!("We are open again, number {n}.") }),
        )
        .await
    });
    let come = async {
        let mut asked = std::pin::pin!(asked.buffer_unordered(AT_ONCE));
        let mut taken = 0;
        while let Some(one) = asked.next().await {
            one?;
            taken += 1;
        }
        anyhow::Ok(taken)
    };
    let (taken, took) = tokio::join!(come, neighbours(site));
    Ok((took?, taken?))
}

async fn neighbours(site: &LocalPlatform) -> Result<Latencies> {
    let start = tokio::time::Instant::now();
    let each = stream::iter(0..NEIGHBOURS).map(async |n| {
        sleep_until(start + GAP * u32::try_from(n)?).await;
        neighbour(site, n).await
    });
    let mut each = std::pin::pin!(each.buffer_unordered(NEIGHBOURS));
    let mut took = Vec::with_capacity(NEIGHBOURS);
    while let Some(one) = each.next().await {
        took.push(one?);
    }
    Ok(Latencies::new(took))
}

async fn neighbour(site: &LocalPlatform, n: usize) -> Result<Duration> {
    let path = format!("/conversations/{}/messages", seed::neighbour_id(n));
    let start = Instant::now();
    site.post(&path, &json!({ "body": "We come at nine." }))
        .await?;
    let customer = seed::neighbour(n);
    while start.elapsed() < PATIENCE {
        if let Some((at, _)) = site.carrier.texted(&customer) {
            return Ok(at.saturating_duration_since(start));
        }
        sleep(Duration::from_millis(5)).await;
    }
    bail!("a text of another tenant was not sent in {PATIENCE:?}")
}
