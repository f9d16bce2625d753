#![doc = include_str!("../README.md")]

mod ai;
mod answer;
mod ask;
mod attempt;
mod breaker;
mod converse;
mod ears;
mod error;
mod fence;
mod plain;
mod price;
mod provider;
mod request;
mod schema;
mod sentences;
mod settings;
mod simulated;
mod sound;
mod speaking;
pub mod task;
mod wire;

pub use ai::Ai;
pub use answer::{Answer, Heard, HeardWord, Provider, Speech, Usage};
pub use ears::{Ears, Words};
pub use error::{Error, Setup};
pub use request::{Block, ChatRequest, Patience, Picture, SpeakRequest, TranscribeRequest};
pub use sentences::sentences;
pub use settings::{
    Breaker, Deepgram, ElevenLabs, Limits, Local, Murf, OpenAi, Price, Prices, Retry, Secret,
    Settings, Simulated,
};
pub use task::Task;
