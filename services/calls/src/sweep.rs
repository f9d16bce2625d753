//! Diagnostic lines are not kept for ever.

use std::time::Duration;

use chrono::TimeDelta;
use clock::Clock;
use role::Outage;
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::db;

/// How long diagnostic lines are kept.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How often they are swept.
const EVERY: Duration = Duration::from_secs(3600);

/// Runs until `stop`.
pub async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    let mut outage = Outage::new("diagnostic lines cannot be swept");
    loop {
        let wait = match sweep(&store, &clock).await {
            Ok(swept) => {
                outage.recovered();
                if swept > 0 {
                    info!(lines = swept, "old diagnostic lines are forgotten");
                }
                EVERY
            }
            Err(error) => outage.failed(&error),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Forgets what is older, and parameters whose time is over.
pub async fn sweep(store: &Store, clock: &Clock) -> Result<usize, store::Error> {
    let now = clock.now();
    let mut tx = store.begin().await?;
    let swept = db::note_sweep(&mut tx, now, now - KEPT).await?;
    tx.commit().await?;
    Ok(swept)
}
