//! Consumers of the embedded bus, and the timer of delayed deliveries.

use std::sync::{Arc, Weak};
use std::time::Duration;

use events::Envelope;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::command::Command;
use super::journal::Fate;
use super::queue::{Entry, Next};
use super::shared::Shared;
use super::writer::now;
use crate::consumer::Signals;
use crate::dead::letter_id;
use crate::handle::{self, DELIVERY_LIMIT, POISON, Verdict};
use crate::{Delivery, Handler, Subscription};

/// Handles up to `prefetch` deliveries of a queue at a time.
pub(super) async fn consume(
    shared: Arc<Shared>,
    queue: usize,
    subscription: Subscription,
    handler: Arc<dyn Handler>,
    signals: Signals,
) {
    let subscription = Arc::new(subscription);
    let prefetch = usize::from(subscription.prefetch.max(1));
    let mut in_hand = JoinSet::new();
    loop {
        let stopping = signals.stop.is_cancelled();
        if stopping && in_hand.is_empty() {
            return;
        }
        tokio::select! {
            biased;
            // Dropping the set drops what is in hand, which puts it back.
            () = signals.abort.cancelled() => return in_hand.shutdown().await,
            Some(_) = in_hand.join_next() => {}
            () = signals.stop.cancelled(), if !stopping => {}
            delivery = next(&shared, queue), if !stopping && in_hand.len() < prefetch => {
                in_hand.spawn(work(delivery, subscription.clone(), handler.clone()));
            }
        }
    }
}

/// A delivery that goes back to its queue unless it is settled.
struct InHand {
    shared: Arc<Shared>,
    queue: usize,
    entry: Option<Entry>,
}

impl Drop for InHand {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.shared.queues().put_back(self.queue, entry);
        }
    }
}

async fn next(shared: &Arc<Shared>, queue: usize) -> InHand {
    loop {
        let wake = shared.queues().get(queue).map(|queue| queue.wake.clone());
        let Some(wake) = wake else {
            // The namespace was deleted under the consumer.
            return std::future::pending().await;
        };
        let woken = wake.notified();
        tokio::pin!(woken);
        woken.as_mut().enable();
        let found = shared.queues().pop(queue);
        match found {
            Next::Entry(entry) => {
                return InHand {
                    shared: shared.clone(),
                    queue,
                    entry: Some(entry),
                };
            }
            Next::Fetch => {
                let _ = shared.commands.send(Command::Fetch { queue });
                woken.await;
            }
            Next::Nothing => woken.await,
        }
    }
}

async fn work(mut in_hand: InHand, subscription: Arc<Subscription>, handler: Arc<dyn Handler>) {
    let shared = in_hand.shared.clone();
    let Some(entry) = in_hand.entry.as_mut() else {
        return;
    };
    let Some(event) = entry.event.clone() else {
        return;
    };
    let (seq, retries) = (entry.seq, entry.retries);
    if entry.starts >= DELIVERY_LIMIT {
        let attempts = entry.attempt + entry.starts - 1;
        error!(
            queue = subscription.queue,
            event.id = event.id,
            event.kind = event.kind,
            attempts,
            "delivery is dead: it is poison"
        );
        handle::count(&subscription.queue, "dead");
        shared.tell(
            seq,
            dead(&event, &subscription, POISON.to_owned(), attempts),
        );
        in_hand.entry = None;
        return;
    }
    let attempt = entry.attempt + entry.starts;
    entry.starts += 1;
    let fate = Fate::Started {
        starts: entry.starts,
    };
    if entry.left_over {
        // It may be what killed the last process: its start counts even if it kills this one at once.
        entry.left_over = false;
        let _ = shared.ask(|done| Command::Fate { seq, fate, done }).await;
    } else {
        shared.tell(seq, fate);
    }

    let delivery = Delivery {
        envelope: Envelope::clone(&event),
        attempt,
    };
    let delays = &subscription.retry_delays;
    let verdict = handle::run(
        handler.as_ref(),
        &subscription.queue,
        delivery,
        retries,
        delays,
    )
    .await;
    let Some(mut entry) = in_hand.entry.take() else {
        return;
    };
    match verdict {
        Verdict::Done => shared.tell(seq, Fate::Done),
        Verdict::Dead(reason) => shared.tell(seq, dead(&event, &subscription, reason, attempt)),
        Verdict::Retry { delay, counted } => {
            entry.attempt = attempt + 1;
            entry.retries += u32::from(counted);
            entry.starts = 0;
            let due = now().saturating_add(micros(delay));
            shared.tell(
                seq,
                Fate::Retry {
                    attempt: entry.attempt,
                    retries: entry.retries,
                    starts: entry.starts,
                    due,
                },
            );
            shared.queues().delay(in_hand.queue, due, &entry);
            shared.delayed.notify_one();
        }
    }
}

fn dead(event: &Envelope, subscription: &Subscription, reason: String, attempts: u32) -> Fate {
    Fate::Dead {
        id: letter_id(&event.id, &subscription.queue),
        reason,
        died_at: now(),
        attempts,
    }
}

/// Makes delayed deliveries ready when they are due.
pub(super) async fn timer(shared: Weak<Shared>, closing: CancellationToken) {
    loop {
        let Some(strong) = shared.upgrade() else {
            return;
        };
        let due = strong.queues().release_due(now());
        let wait = due.map(|due| Duration::from_micros(u64::try_from(due - now()).unwrap_or(0)));
        tokio::select! {
            () = closing.cancelled() => return,
            () = strong.delayed.notified() => {}
            () = async { match wait {
                // A second at most, because the wall clock may be set meanwhile.
                Some(wait) => tokio::time::sleep(wait.min(Duration::from_secs(1))).await,
                None => std::future::pending().await,
            } } => {}
        }
    }
}

fn micros(delay: Duration) -> i64 {
    i64::try_from(delay.as_micros()).unwrap_or(i64::MAX)
}
