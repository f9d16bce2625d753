//! The performers: one external effect each.

mod lookup;
mod message;
mod number;

pub(crate) use lookup::LookUp;
pub(crate) use message::Send;
pub(crate) use number::{Buy, Release, Webhooks};
