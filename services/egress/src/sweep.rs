//! The ledger does not grow for ever.

use std::time::Duration;

use chrono::TimeDelta;
use clock::Clock;
use role::Outage;
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::db::{effects, spending};

/// How long the ledger remembers. A command that is repeated after that would be done again, so this is longer than any command waits.
const MEMORY: TimeDelta = TimeDelta::days(30);
/// How often it is swept.
const EVERY: Duration = Duration::from_secs(3600);

/// Runs until `stop`.
pub(crate) async fn run(store: Store, clock: Clock, stop: CancellationToken) {
    let mut outage = Outage::new("the ledger cannot be swept");
    loop {
        let wait = match sweep(&store, &clock).await {
            Ok(swept) => {
                outage.recovered();
                if swept > 0 {
                    info!(effects = swept, "old effects are forgotten");
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

async fn sweep(store: &Store, clock: &Clock) -> Result<usize, store::Error> {
    let mut tx = store.begin().await?;
    let swept = effects::sweep(&mut tx, clock.now() - MEMORY).await?;
    spending::sweep(&mut tx, clock.now() - MEMORY).await?;
    tx.commit().await?;
    Ok(swept)
}
