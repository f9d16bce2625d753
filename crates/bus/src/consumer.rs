//! The handle on a running consumer.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A running consumer. It runs until [`Consumer::stop`], [`Consumer::abort`] or the end of the bus;
/// dropping the handle lets it run on.
#[derive(Debug)]
pub struct Consumer {
    signals: Signals,
    task: JoinHandle<()>,
}

/// What a consumer's task listens to.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    /// Take no more, finish what is in hand.
    pub(crate) stop: CancellationToken,
    /// Drop everything.
    pub(crate) abort: CancellationToken,
}

impl Consumer {
    pub(crate) fn spawn<F>(
        tracker: &TaskTracker,
        closing: &CancellationToken,
        run: impl FnOnce(Signals) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let signals = Signals {
            stop: closing.child_token(),
            abort: CancellationToken::new(),
        };
        let task = tracker.spawn(run(signals.clone()));
        Self { signals, task }
    }

    /// Takes no more deliveries and returns when those in hand are settled.
    pub async fn stop(self) {
        self.signals.stop.cancel();
        // The task cannot fail: handlers run in tasks of their own.
        let _ = self.task.await;
    }

    /// The same, and after so long drops what is still in hand: it is delivered again, here or elsewhere. Says whether
    /// everything was settled.
    pub async fn stop_within(mut self, patience: Duration) -> bool {
        self.signals.stop.cancel();
        if tokio::time::timeout(patience, &mut self.task).await.is_ok() {
            return true;
        }
        self.abort().await;
        false
    }

    /// Drops what is in hand unsettled, as a dying process would: it is delivered again, here or elsewhere.
    pub async fn abort(self) {
        self.signals.abort.cancel();
        let _ = self.task.await;
    }
}
