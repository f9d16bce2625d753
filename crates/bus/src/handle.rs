//! Running a handler, and what its answer comes to: the same for every bus.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tracing::{debug, error, warn};

use crate::{Delivery, Disposition, Handler};

/// How often a delivery may be started without being settled, be it that the process dies or that the
/// connection does. Then the event is taken for poison and goes to the dead letters.
pub const DELIVERY_LIMIT: u32 = 8;

/// The reason of dead letters that reached [`DELIVERY_LIMIT`].
pub(crate) const POISON: &str = "given up: its consumer died each time it was delivered";

/// What becomes of a delivery once [`Disposition::Retry`] has been weighed against the delays that are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    /// Again, after this delay.
    Retry(Duration),
    /// To the dead letters, for this reason.
    Dead(String),
}

/// Runs the handler, counts, times and logs. `retries` repeats have been had so far.
pub(crate) async fn run(
    handler: &dyn Handler,
    queue: &str,
    delivery: Delivery,
    retries: u32,
    delays: &[Duration],
) -> Verdict {
    let (id, kind) = (delivery.envelope.id.clone(), delivery.envelope.kind.clone());
    let attempt = delivery.attempt;
    let start = Instant::now();
    let settle = AssertUnwindSafe(handler.handle(delivery))
        .catch_unwind()
        .await;
    let settle = settle.unwrap_or_else(|_| Disposition::Retry("the handler panicked".to_owned()));
    metrics::histogram!("bus_handle_seconds", "queue" => queue.to_owned())
        .record(start.elapsed().as_secs_f64());

    let (verdict, outcome) = match settle {
        Disposition::Done => {
            debug!(
                queue,
                event.id = id,
                event.kind = kind,
                attempt,
                "delivery done"
            );
            (Verdict::Done, "done")
        }
        Disposition::Retry(reason) => match delays.get(retries as usize) {
            Some(delay) => {
                let wait_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
                warn!(
                    queue,
                    event.id = id,
                    event.kind = kind,
                    attempt,
                    reason,
                    wait_ms,
                    "delivery will be repeated"
                );
                (Verdict::Retry(*delay), "retry")
            }
            None => {
                error!(
                    queue,
                    event.id = id,
                    event.kind = kind,
                    attempt,
                    reason,
                    "delivery is dead: no repeats left"
                );
                (Verdict::Dead(format!("no repeats left: {reason}")), "dead")
            }
        },
        Disposition::Dead(reason) => {
            error!(
                queue,
                event.id = id,
                event.kind = kind,
                attempt,
                reason,
                "delivery is dead"
            );
            (Verdict::Dead(reason), "dead")
        }
    };
    count(queue, outcome);
    verdict
}

/// Counts a delivery's end.
pub(crate) fn count(queue: &str, outcome: &'static str) {
    metrics::counter!("bus_delivered_total", "queue" => queue.to_owned(), "outcome" => outcome)
        .increment(1);
}
