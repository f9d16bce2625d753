#![doc = include_str!("../README.md")]

mod attribute;
mod characters;
mod dial;
mod document;
mod element;
mod error;
mod interpret;
mod limits;
mod message;
mod other;
mod read;
mod say;
mod stream;
#[cfg(test)]
mod tests;
mod unknown;
mod value;
mod voice;
mod write;

pub use dial::{Client, Dial, Noun, Number, Sip};
pub use document::{Medium, Response, Verb};
pub use error::{Error, NotXml, Position, Schema};
pub use limits::{INLINE_LIMIT, SIZE_LIMIT};
pub use message::Message;
pub use other::Other;
pub use say::{Say, Speech, Ssml, SsmlTag};
pub use stream::{
    Connect, Connected, ConversationRelay, Language, Parameter, Recording, Start, Started, Stop,
    Stopped, Stream,
};
pub use unknown::Unknown;
pub use value::{
    CallEvent, Channels, DialRecord, Input, MachineDetection, Method, Private, RecordingEvent,
    RejectReason, SpeechTimeout, StreamTrack, Track, Trim,
};
pub use voice::{Gather, Hangup, Pause, Play, Prompt, Record, Redirect, Reject};
