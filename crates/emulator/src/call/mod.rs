//! Calls: placing them, running their TwiML, ending them.

mod amd;
pub(crate) mod control;
mod fetch;
mod leg;
mod place;
pub(crate) mod recording;
mod sound;
mod stage;
mod unknown;
mod verbs;

pub(crate) use amd::Detection;
pub(crate) use control::{By, Control, Input, Utterance};
pub(crate) use fetch::{Ask, Broken, Goto};
pub(crate) use leg::{End, Leg};
pub(crate) use place::{Outbound, RecordWish, inbound, outbound};
pub(crate) use sound::Cached;
pub(crate) use stage::Stage;
