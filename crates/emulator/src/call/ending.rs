//! How a leg ends: its last status and the requests after it, its time limit, and the patience of the person on the phone.

use std::sync::Arc;

use crate::call::leg::{End, Leg};
use crate::leg_context::LegContext;
use crate::leg_control::By;
use crate::status::Status;
use crate::time::seconds;
use crate::webhooks::deliver;

/// Ends a call and makes the requests that come after it.
pub(crate) async fn finish(leg: Leg, end: End, unanswered: Status) {
    let answered = leg.context.look(|call| call.answered.is_some());
    let status = match end {
        End::Rejected(status) => status,
        End::Done | End::HungUp => Status::Completed,
        End::Over(_) if answered => Status::Completed,
        End::Over(By::Api(_)) => Status::Canceled,
        End::Over(By::Parent(status)) => status,
        End::Over(By::Phone) => unanswered,
    };
    leg.context.control.end(By::Parent(status));
    leg.context.status(status);
    for ask in &leg.parting {
        let request = leg.context.request(ask);
        // Twilio does not run what a call that is over is answered.
        let _ = deliver(&leg.context.shared, &request, |_| Ok(())).await;
    }
}

/// Ends a call that goes on for too long.
pub(crate) fn limit(context: &LegContext) {
    let context = context.clone();
    let shared = Arc::clone(&context.shared);
    shared.spawn(async move {
        loop {
            let now = context.shared.time.now();
            let left_s = context.look(|call| call.left_s(now));
            if left_s <= 0.0 {
                context.control.end(By::Api(Status::Completed));
                return;
            }
            tokio::select! {
                () = context.control.over() => return,
                () = context.control.limit_changed() => {}
                () = context.shared.time.sleep(seconds(left_s)) => {}
            }
        }
    });
}

/// The person on the phone loses patience.
pub(crate) fn hang_up_after(context: &LegContext, talks_s: f64) {
    let context = context.clone();
    let shared = Arc::clone(&context.shared);
    shared.spawn(async move {
        context.shared.time.sleep(seconds(talks_s)).await;
        context.control.end(By::Phone);
    });
}
