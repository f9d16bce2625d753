//! The performers: one paid piece of work each.

mod call;
mod erase;
mod question;
mod reply;
mod score;
mod speech;
mod summary;
mod transcribe;
mod transcript;

pub(crate) use call::SumUpCall;
pub(crate) use erase::Forget;
pub(crate) use question::Write;
pub(crate) use reply::Draft;
pub(crate) use score::Score;
pub(crate) use speech::{FOLDER, Restore, Speak};
pub(crate) use summary::SumUp;
pub(crate) use transcribe::Transcribe;
pub(crate) use transcript::Transcript;

use events::Event;
use role::{Cause, Outcome, OutgoingEvent, derive_id};

use crate::results::Effect;

/// As many as there may be interviews on the phone at once.
const PREFETCH: u16 = 256;

/// The event that tells a result: the same event however often it is told.
fn told<E: Event>(event: &E, effect: &Effect<'_>, tenant: &str) -> Outcome {
    Outcome::nothing().publish(
        OutgoingEvent::new(event)
            .id(effect.told_as(E::TYPE))
            .tenant(tenant),
    )
}

/// The event that answers one command: another command may do better, or asks for another requester.
fn answered<E: Event>(event: &E, id: &str, cause: &Cause, tenant: &str) -> Outcome {
    Outcome::nothing().publish(
        OutgoingEvent::new(event)
            .id(derive_id(&[E::TYPE, id, &cause.id]))
            .tenant(tenant),
    )
}
