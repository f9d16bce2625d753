//! Requests to the application: what is in them, how they are signed and delivered, and how callbacks misbehave on demand.

mod callbacks;
mod delivery;
mod overrides;
mod params;

pub(crate) use callbacks::{send, send_for};
pub(crate) use delivery::{client, deliver, shown, sign};
pub(crate) use params::{of_call, of_message, of_message_status, of_recording, progress};
