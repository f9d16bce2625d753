//! Calls: placing them, running their TwiML, ending them.

mod amd;
mod callee;
mod clip;
pub(crate) mod control;
mod fetch;
mod goto;
mod interpreter;
mod leg;
mod leg_context;
mod microphone;
mod place;
pub(crate) mod recording;
mod sound;
mod unknown;
mod verbs;

pub(crate) use amd::Detection;
pub(crate) use clip::Cached;
pub(crate) use control::{By, Control, Earful, Input, Utterance};
pub(crate) use goto::{Ask, Broken, Goto};
pub(crate) use leg::{End, Leg};
pub(crate) use leg_context::LegContext;
pub(crate) use microphone::Microphone;
pub(crate) use place::{Outbound, RecordWish, inbound, outbound};
