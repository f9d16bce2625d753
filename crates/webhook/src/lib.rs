#![doc = include_str!("../README.md")]

mod diagnosis;
mod form;
mod opt_out;
mod request;
mod segments;
pub mod signature;

pub use diagnosis::{Clues, Diagnosis, Effort, OTHERS_LIMIT, Seen, diagnose};
pub use form::{FormError, Params, parse_form};
pub use opt_out::{Keyword, opt_out_keyword};
pub use request::{
    AmdStatus, BODY_LIMIT, CUT, Call, CallStatusCallback, DialResult, GatherResult, InboundMessage,
    Invalid, Media, MessageStatusCallback, Place, RecordResult, RecordingLink,
    RecordingStatusCallback, StreamStatusCallback, TEXT_LIMIT, VoiceRequest,
};
pub use segments::{Encoding, Segments, segments};
pub use twilio_types::{
    AccountSid, AnsweredBy, CallSid, CallStatus, ConferenceSid, DialCallStatus, Direction,
    MessageSid, MessageStatus, MessagingServiceSid, RecordingSid, RecordingStatus, StreamEvent,
    StreamSid,
};
