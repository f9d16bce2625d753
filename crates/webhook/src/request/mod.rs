//! The webhooks as types. Each has private fields and one way in, `parse`.
//!
//! Strict: identifiers, URLs of media, the state a callback is about. Tolerant: parameters that are unknown, blank or missing otherwise, whatever stands in
//! `From`, words and numbers that cannot be read, which then are `None`.

mod action;
mod call;
mod field;
mod message;
mod record;
mod stream;

pub use action::{DialResult, GatherResult, RecordResult};
pub use call::{AmdStatus, Call, CallStatusCallback, Place, VoiceRequest};
pub(crate) use field::Field;
pub use field::{CUT, Invalid, TEXT_LIMIT};
use field::{Fields, Text, webhook};
pub use message::{BODY_LIMIT, InboundMessage, Media, MessageStatusCallback};
pub use record::{RecordingLink, RecordingStatusCallback};
pub use stream::StreamStatusCallback;

#[cfg(test)]
mod tests;
