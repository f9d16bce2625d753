//! The calls that are live in this process, and the end of them when it stops.

use std::time::Duration;

use metrics::gauge;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::info;

/// How long a call that is cut off has to write down where it stood.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Counts calls, and cuts off those that outlast the process.
#[derive(Clone, Default)]
pub struct Lines {
    live: TaskTracker,
    cut: CancellationToken,
}

/// One call of them, as long as it lives.
pub struct Line {
    /// Cancelled when the call goes on elsewhere.
    pub cut: CancellationToken,
    _live: TaskTrackerToken,
}

impl Lines {
    /// One more call.
    pub fn open(&self) -> Line {
        gauge!("streams_live").increment(1.0);
        Line {
            cut: self.cut.clone(),
            _live: self.live.token(),
        }
    }

    /// Waits until all are over, for so long; then they are cut off, and Twilio asks how they go on.
    pub async fn drain(self, patience: Duration) {
        self.live.close();
        if self.live.is_empty() {
            return;
        }
        info!(
            live = self.live.len(),
            wait_s = patience.as_secs(),
            "live calls may go on"
        );
        if tokio::time::timeout(patience, self.live.wait())
            .await
            .is_err()
        {
            self.cut.cancel();
            // What is not written down by then is asked for again from the row of its interview.
            let _ = tokio::time::timeout(LAST_WORDS, self.live.wait()).await;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        gauge!("streams_live").decrement(1.0);
    }
}
