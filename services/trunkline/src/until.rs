//! Waiting for an answer that is not there yet.

use std::time::Duration;

use crate::Failure;

/// Asks until there is an answer, a little later each time.
pub async fn until<T>(
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>, Failure>,
) -> Result<Option<T>, Failure> {
    let started = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(20);
    loop {
        if let Some(answer) = ask().await? {
            return Ok(Some(answer));
        }
        if started.elapsed() > patience {
            return Ok(None);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}
