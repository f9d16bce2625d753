//! Calls: placing them, running their TwiML, ending them.

mod control;
mod fetch;
mod leg;
mod place;
mod stage;
mod verbs;

pub(crate) use control::{By, Control, Input};
pub(crate) use fetch::{Ask, Goto};
pub(crate) use leg::{End, Leg};
pub(crate) use place::{Outbound, inbound, outbound};
pub(crate) use stage::Stage;
