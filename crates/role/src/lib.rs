#![doc = include_str!("../README.md")]

mod consumer;
mod decision;
pub mod directory;
pub mod health;
pub mod http;
mod intake;
mod outage;
mod platform;
mod relay;
mod reply;
pub mod seal;
pub mod settings;
mod spec;
pub mod telemetry;
mod turns;

pub use consumer::{Decider, HandlerError, Performer};
pub use decision::{Cause, Decision, call_id, derive_id};
pub use outage::Outage;
pub use platform::{Error, Parts, Platform, Role};
pub use relay::Relay;
pub use reply::ReplySlot;
pub use spec::{RoleSpec, Start};
pub use store::Tx;
pub use turns::Turns;

/// The steps of the frame around a decider, for tests that decide without a bus. Not for others.
#[doc(hidden)]
pub mod door {
    use clock::Time;
    use events::Envelope;

    use crate::{Cause, Decision};

    /// What the consumer `queue` knows of an event.
    pub fn cause(queue: &str, envelope: Envelope, now: Time) -> Cause {
        Cause::new(queue, envelope, 1, now)
    }

    /// The reply, and each event with the time at which it may leave.
    pub fn seal(decision: Decision, cause: &Cause) -> (Option<Envelope>, Vec<(Envelope, Time)>) {
        let sealed = decision.seal(cause, cause.time, cause.time);
        (sealed.reply, sealed.events)
    }
}
