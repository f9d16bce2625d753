//! Media Streams and ConversationRelay, from Twilio's side: WebSocket clients in the emulator's time.

mod message;
mod playback;
mod relay;
mod socket;
mod trouble;

pub(crate) use relay::Relay;
pub(crate) use socket::{Ended, Stream};
