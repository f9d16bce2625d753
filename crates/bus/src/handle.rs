//! Running a handler, and what its answer comes to: the same for every bus.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tracing::{debug, error, warn};

use crate::{Delivery, Disposition, Handler, RETRY_DELAYS};

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
    Retry {
        delay: Duration,
        /// Whether it uses up a repeat; an outage does not.
        counted: bool,
    },
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
                (
                    Verdict::Retry {
                        delay: *delay,
                        counted: true,
                    },
                    "retry",
                )
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
        Disposition::Wait { reason, after } => {
            // The consumer says once that something is away; a line for each delivery would fill the disk.
            debug!(
                queue,
                event.id = id,
                event.kind = kind,
                attempt,
                reason,
                "delivery waits for the end of an outage"
            );
            let delay = nearest(after, delays);
            (
                Verdict::Retry {
                    delay,
                    counted: false,
                },
                "wait",
            )
        }
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

/// The delay that is used to wait about so long: only these have a queue where a delivery can wait.
fn nearest(after: Duration, delays: &[Duration]) -> Duration {
    let shorter = delays.iter().filter(|delay| **delay <= after).max();
    let shortest = shorter.or_else(|| delays.iter().min());
    shortest.copied().unwrap_or(RETRY_DELAYS[0])
}

/// Counts a delivery's end.
pub(crate) fn count(queue: &str, outcome: &'static str) {
    metrics::counter!("bus_delivered_total", "queue" => queue.to_owned(), "outcome" => outcome)
        .increment(1);
}
