#![doc = include_str!("../README.md")]

mod compare;
mod error;
mod heard;
mod judge;
mod lame;
pub mod level;
mod measure;
mod mp3;
pub mod mulaw;
mod packet;
mod resample;
mod riff;
mod sound;
mod speech;
mod telephone;
mod voice;

pub use compare::{Comparison, Gap, Missing, one_waveform};
pub use error::Error;
pub use heard::{HeardWord, heard, heard_words};
pub use judge::{FileKind, HEAD, Judged, NotAudio};
pub use level::{Peaks, Waveform};
pub use measure::{Measure, Measured};
pub use resample::Resampler;
pub use riff::pcm_header;
pub use sound::{Encoding, Sound};
pub use speech::{speaking_s, speech, speech_s};
pub use telephone::Telephone;
pub use voice::VoiceDetector;

/// Samples in a second on the telephone (G.711).
pub const RATE: u32 = 8_000;
