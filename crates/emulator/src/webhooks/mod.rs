//! Requests to the application: what is in them, how they are signed and delivered, and how callbacks misbehave on demand.

mod callbacks;
mod cookies;
mod delivery;
mod failure;
mod overrides;
mod params;
mod request;

pub(crate) use callbacks::{send, send_for};
pub(crate) use cookies::Cookies;
pub(crate) use delivery::{Answer, client, deliver, shown, sign};
pub(crate) use failure::Failure;
pub(crate) use params::{of_call, of_message, of_message_status, of_recording, progress};
pub(crate) use request::{Params, Queue, Request};
