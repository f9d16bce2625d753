#![doc = include_str!("../README.md")]

mod ai;
mod answer;
mod ask;
mod attempt;
mod breaker;
mod error;
mod fence;
mod price;
mod provider;
mod request;
mod schema;
mod settings;
mod simulated;
mod sound;
pub mod task;
mod wire;

pub use ai::Ai;
pub use answer::{Answer, Provider, Speech, Usage};
pub use error::{Error, Setup};
pub use request::{Block, ChatRequest, SpeakRequest, TranscribeRequest};
pub use settings::{
    Breaker, ElevenLabs, Limits, Murf, OpenAi, Price, Prices, Retry, Secret, Settings, Simulated,
};
pub use task::Task;
