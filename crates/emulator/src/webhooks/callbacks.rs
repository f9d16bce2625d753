//! Callbacks that nobody waits for. Here they can be told to come late, twice or out of order.
//!
//! Those of one call or message go out one after the other, as Twilio fires them; one that is answered slowly does not
//! hold up the next for long, because at Twilio they are separate requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::state::Shared;
use crate::time::seconds;
use crate::webhooks::deliver;
use crate::wire::{Batch, Request};

/// How long a callback waits for the one before it; really, as the application is not sped up.
const HOLD_UP: Duration = Duration::from_millis(250);

/// Sends a callback without waiting for it. `last` is the final one of its call or message.
pub(crate) fn send(shared: &Arc<Shared>, request: Request, last: bool) {
    let subject = request.sid.clone().unwrap_or_default();
    send_for(shared, &subject, request, last);
}

/// The same for what has callbacks of its own within a call: a recording.
pub(crate) fn send_for(shared: &Arc<Shared>, subject: &str, request: Request, last: bool) {
    let subject = subject.to_owned();
    let mut state = shared.state();
    let faults = state.faults.callbacks();
    let requests = if faults.shuffle {
        state.held.entry(subject.clone()).or_default().push(request);
        if !last {
            return;
        }
        let mut held = state.held.remove(&subject).unwrap_or_default();
        if held.len() > 1 {
            let by = 1 + state.ids.pick("shuffle", held.len() as u64 - 1) as usize;
            held.rotate_left(by);
        }
        held
    } else {
        vec![request]
    };
    let due = Instant::now() + shared.time.real(seconds(faults.delay_s));
    let batch = Batch {
        due,
        requests,
        times: 1 + usize::from(faults.duplicate),
        last,
    };
    let queue = state.queues.remove(&subject).unwrap_or_else(|| {
        let (queue, batches) = unbounded_channel();
        shared.spawn_within(&state, work(Arc::clone(shared), batches));
        queue
    });
    // The other end waits until the last batch.
    let _ = queue.send(batch);
    if !last {
        state.queues.insert(subject, queue);
    }
}

async fn work(shared: Arc<Shared>, mut batches: UnboundedReceiver<Batch>) {
    while let Some(batch) = batches.recv().await {
        tokio::time::sleep_until(batch.due).await;
        for request in batch.requests {
            for _ in 0..batch.times {
                let (done, is_done) = oneshot::channel();
                let (task, request) = (Arc::clone(&shared), request.clone());
                shared.spawn(async move {
                    // How it went is in the log; Twilio ignores what a callback answers.
                    let _ = deliver(&task, &request, |_| Ok(())).await;
                    let _ = done.send(());
                });
                let _ = tokio::time::timeout(HOLD_UP, is_done).await;
            }
        }
        if batch.last {
            return;
        }
    }
}
