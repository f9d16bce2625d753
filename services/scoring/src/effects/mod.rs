//! The performers: one paid piece of work each.

mod question;
mod score;
mod speech;
mod summary;
mod transcribe;

pub(crate) use question::Write;
pub(crate) use score::Score;
pub(crate) use speech::{FOLDER, Speak};
pub(crate) use summary::SumUp;
pub(crate) use transcribe::Transcribe;

use events::Event;
use role::{Cause, Decision, derive_id};

use crate::once::Effect;

/// As many as there may be interviews on the phone at once.
const PREFETCH: u16 = 256;

/// The event that tells a result: the same event however often it is told.
fn told<E: Event>(event: &E, effect: &Effect<'_>, tenant: &str) -> Decision {
    Decision::nothing()
        .then(event)
        .identified(effect.told_as(E::TYPE))
        .of_tenant(tenant)
}

/// The event that answers one command: another command may do better, or asks for somebody else.
fn answered<E: Event>(event: &E, id: &str, cause: &Cause, tenant: &str) -> Decision {
    Decision::nothing()
        .then(event)
        .identified(derive_id(&[E::TYPE, id, &cause.id]))
        .of_tenant(tenant)
}
