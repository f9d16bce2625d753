#![doc = include_str!("../README.md")]

mod accounts;
mod calls;
mod client;
mod credentials;
mod error;
mod form;
mod messages;
mod numbers;
mod page;
mod recordings;
mod seek;
mod wire;

pub use accounts::{Account, Accounts};
pub use calls::{Call, CallChange, CallFilter, Calls, NewCall};
pub use client::{Client, Timeouts};
pub use credentials::Credentials;
pub use error::{Error, code};
pub use messages::{Message, MessageFilter, Messages, NewMessage};
pub use numbers::{
    AvailableNumber, AvailableNumbers, Capabilities, IncomingNumber, IncomingNumbers, NumberFilter,
    NumberKind, NumberSearch, NumberSettings,
};
pub use page::Pages;
pub use recordings::{
    FileAt, Media, MediaFormat, NewRecording, Recording, RecordingChange, RecordingFilter,
    Recordings,
};
pub use seek::{Pauses, Sought};
pub use twilio_types::{CallStatus, MessageStatus, RecordingStatus};
