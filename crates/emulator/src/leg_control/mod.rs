//! How the world reaches into a running leg: what the person on the phone does, hanging up, and a redirect through the API.

mod control;
mod goto;
mod input;

pub(crate) use control::{By, Control, Earful, Interrupt};
pub(crate) use goto::{Ask, Goto};
pub(crate) use input::{Input, Utterance};
