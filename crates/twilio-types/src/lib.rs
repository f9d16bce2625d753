#![doc = include_str!("../README.md")]

mod ends;
mod repeat;
mod sid;
mod status;

pub use ends::{other_number, own_number};
pub use repeat::REPEATED;
pub use sid::{
    AccountSid, AppSid, CallSid, ConferenceSid, InvalidSid, KeySid, MessageSid,
    MessagingServiceSid, PhoneNumberSid, RecordingSid, StreamSid,
};
pub use status::{
    AnsweredBy, CallStatus, DialCallStatus, Direction, MessageStatus, RecordingStatus, StreamEvent,
};
