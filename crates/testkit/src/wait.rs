//! Waiting for something to be so.

use std::time::{Duration, Instant};

/// How long anything may take, on a machine that is busy. Nothing should come near it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until something is so.
///
/// # Panics
/// When it is not after [`PATIENCE`]; the words say what was waited for.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
