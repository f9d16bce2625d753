#![doc = include_str!("../README.md")]

mod diagnosis;
mod form;
mod opt_out;
mod request;
mod segments;
mod sid;
pub mod signature;
mod status;

pub use diagnosis::{Clues, Diagnosis, Seen, diagnose};
pub use form::{FormError, Params, parse_form};
pub use opt_out::{Keyword, opt_out_keyword};
pub use request::{
    AmdStatus, BODY_LIMIT, Call, CallStatusCallback, DialResult, GatherResult, InboundMessage,
    Invalid, Media, MessageStatusCallback, Place, RecordResult, RecordingLink,
    RecordingStatusCallback, StreamStatusCallback, TEXT_LIMIT, VoiceRequest,
};
pub use segments::{Encoding, Segments, segments};
pub use sid::{AccountSid, CallSid, MessageSid, MessagingServiceSid, RecordingSid, StreamSid};
pub use status::{
    AnsweredBy, CallStatus, DialCallStatus, Direction, MessageStatus, RecordingStatus, StreamEvent,
};
