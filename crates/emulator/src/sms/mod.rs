//! Text messages: sending with its status callbacks, receiving with its webhook and replies, opting out.

mod incoming;
mod optout;
mod outgoing;

pub(crate) use incoming::receive;
pub(crate) use outgoing::{Draft, cancel, send};
