#![doc = include_str!("../README.md")]

mod accounts;
pub mod budget;
mod cause;
mod consumer;
mod consumers;
mod decider;
mod decision;
pub mod erasure;
mod error;
mod handler_error;
mod keyed_mutex;
mod outage;
mod outgoing;
mod performer;
mod platform;
mod queue;
mod relay;
mod reply;
mod spec;
mod timeline;

pub use accounts::{Accounts, recording_key};
pub use cause::{Cause, ReplySlot};
pub use decider::Decider;
pub use decision::{Decision, Outcome};
pub use error::Error;
pub use events::{call_id, derive_id};
pub use handler_error::HandlerError;
pub use keyed_mutex::KeyedMutex;
pub use outage::Outage;
pub use outgoing::OutgoingEvent;
pub use performer::Performer;
pub use platform::{Parts, Platform, Role};
pub use relay::Relay;
pub use spec::{RoleSpec, Start};
pub use store::Tx;
pub use timeline::{Note, Timeline};

/// The steps of the frame around a decider, for tests that decide without a bus. Not for others.
#[doc(hidden)]
pub mod test_support {
    use clock::Time;
    use events::Envelope;

    use crate::{Cause, Decision};

    /// What the consumer `queue` knows of an event.
    pub fn cause(queue: &str, envelope: Envelope, now: Time) -> Cause {
        Cause::new(queue, envelope, 1, now)
    }

    /// The reply, and each event with the time at which it may leave.
    pub fn into_envelopes(
        decision: Decision,
        cause: &Cause,
    ) -> (Option<Envelope>, Vec<(Envelope, Time)>) {
        let envelopes = decision.into_envelopes(cause, cause.time, cause.time);
        (envelopes.reply, envelopes.events)
    }
}
