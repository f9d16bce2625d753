//! Text messages: sending with its status callbacks, receiving with its webhook and replies, opting out.

mod asking;
mod draft;
mod exchange;
mod optout;
mod progress;

pub(crate) use draft::Draft;
pub(crate) use exchange::{receive, send};
pub(crate) use progress::cancel;
