//! Callbacks that nobody waits for. Here they can be told to come late, twice or out of order.

use std::sync::Arc;

use crate::state::Shared;
use crate::time::seconds;
use crate::webhooks::{Request, deliver};

/// Sends a callback without waiting for it. `last` is the final one of its call or message.
pub(crate) fn send(shared: &Arc<Shared>, request: Request, last: bool) {
    let (faults, batch) = {
        let mut state = shared.state();
        let faults = state.faults.callbacks.clone();
        let subject = request.sid.clone().unwrap_or_default();
        let batch = if faults.shuffle {
            let held = state.held.entry(subject.clone()).or_default();
            held.push(request);
            if !last {
                return;
            }
            let mut batch = state.held.remove(&subject).unwrap_or_default();
            if batch.len() > 1 {
                let by = 1 + state.ids.pick("shuffle", batch.len() as u64 - 1) as usize;
                batch.rotate_left(by);
            }
            batch
        } else {
            vec![request]
        };
        (faults, batch)
    };
    let shared = Arc::clone(shared);
    let on = Arc::clone(&shared);
    on.spawn(async move {
        shared.time.sleep(seconds(faults.delay_s)).await;
        for request in &batch {
            for _ in 0..=usize::from(faults.duplicate) {
                // How it went is in the log; Twilio ignores what a callback answers.
                let _ = deliver(&shared, request, |_| Ok(())).await;
            }
        }
    });
}
