#![doc = include_str!("../README.md")]

mod accounts;
pub mod budget;
mod consumer;
mod decision;
pub mod erasure;
mod intake;
mod outage;
mod platform;
pub mod providers;
mod relay;
mod reply;
mod shared;
mod spec;
mod timeline;
mod turns;

pub use accounts::{Accounts, recording_key};
pub use consumer::{Decider, HandlerError, Performer};
pub use decision::{Cause, Decision, Outcome, OutgoingEvent};
pub use events::{call_id, derive_id};
pub use outage::Outage;
pub use platform::{Error, Parts, Platform, Role};
pub use relay::Relay;
pub use reply::ReplySlot;
pub use spec::{RoleSpec, Start};
pub use store::Tx;
pub use timeline::{Note, Timeline};
pub use turns::Turns;

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
