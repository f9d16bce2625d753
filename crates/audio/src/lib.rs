#![doc = include_str!("../README.md")]

mod error;
mod heard;
mod judge;
pub mod level;
pub mod mulaw;
mod packet;
mod riff;
mod sound;
mod speech;

pub use error::Error;
pub use heard::heard;
pub use judge::{FileKind, HEAD, Judged, NotAudio};
pub use level::Peaks;
pub use sound::{Encoding, Sound};
pub use speech::{speaking_s, speech, speech_s};

/// Samples in a second on the telephone (G.711).
pub const RATE: u32 = 8_000;
