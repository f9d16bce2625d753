//! The performers: one external effect each.

mod budget;
mod call;
mod change;
mod erase;
mod hang_up;
mod inspect;
mod lookup;
mod message;
mod number;
mod recording;
mod redirect;

pub(crate) use budget::TellBudget;
pub(crate) use call::Place;
pub(crate) use erase::Forget;
pub(crate) use hang_up::HangUp;
pub(crate) use inspect::{Inspect, Point};
pub(crate) use lookup::LookUp;
pub(crate) use message::Send;
pub(crate) use number::{Buy, Release, Verify};
pub(crate) use recording::CarryOut;
pub(crate) use redirect::Redirect;

/// Whether it may be part of a path.
fn is_sid(sid: &str) -> bool {
    !sid.is_empty() && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
