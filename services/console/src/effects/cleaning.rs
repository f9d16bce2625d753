//! Clears away sessions and links that are over.

use std::time::Duration;

use clock::Clock;
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::app::session::{ABSOLUTE, IDLE};
use crate::db;

/// Looks again and again until the process stops.
pub async fn clean(store: Store, clock: Clock, every: Duration, stop: CancellationToken) {
    tokio::select! {
        () = store.ready() => {}
        () = stop.cancelled() => return,
    }
    loop {
        if let Err(e) = once(&store, &clock).await {
            warn!(error = %e, "sessions that are over stay for now");
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn once(store: &Store, clock: &Clock) -> Result<(), store::Error> {
    let now = clock.now();
    let mut tx = store.begin().await?;
    let (begun, seen) = ((now - ABSOLUTE).into(), (now - IDLE).into());
    db::sessions_delete_old(&mut tx, begun, seen, now.into()).await?;
    tx.commit().await
}
