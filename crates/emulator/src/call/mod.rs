//! Calls: placing them, running their TwiML, ending them.

mod amd;
mod broken;
mod callee;
mod ending;
mod fetch;
mod interpreter;
mod leg;
mod microphone;
mod place;
mod player;
mod sound;
mod unknown;
mod verbs;

pub(crate) use amd::Detection;
pub(crate) use broken::Broken;
pub(crate) use leg::{End, Leg};
pub(crate) use microphone::Microphone;
pub(crate) use place::{Outbound, RecordWish, inbound, outbound};
