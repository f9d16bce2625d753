//! The performers: one external effect each.

mod call;
mod change;
mod hang_up;
mod lookup;
mod message;
mod number;
mod redirect;

pub(crate) use call::Place;
pub(crate) use hang_up::HangUp;
pub(crate) use lookup::LookUp;
pub(crate) use message::Send;
pub(crate) use number::{Buy, Release, Webhooks};
pub(crate) use redirect::Redirect;

/// A status callback that fails is repeated: by default Twilio calls once.
const REPEATED: &str = "#rc=3&rp=4xx,5xx,ct,rt";

/// Whether it can stand in a path.
fn is_sid(sid: &str) -> bool {
    !sid.is_empty() && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
