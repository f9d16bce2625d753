#![doc = include_str!("../README.md")]

mod call;
mod control;
mod document;
mod ears;
mod error;
mod faults;
mod http;
mod ids;
mod leg_context;
mod leg_control;
mod log;
mod media;
mod recording;
mod rest;
mod running;
mod script;
mod server;
mod sms;
mod state;
mod status;
mod stream;
mod time;
mod webhooks;
mod wire;

pub use control::CallView;
pub use ears::Ears;
pub use error::Error;
pub use faults::{
    ApiFault, Behaviour, CallbackTime, Callbacks, Callee, Delivery, Fault, Handset, RecordingEnd,
    RecordingFault, StreamFault,
};
pub use log::{Direction, Entry};
pub use media::Media;
pub use running::{Config, Credentials, Emulator, Handle, Running};
pub use script::{Carrying, Expect, Interruption, Nothing, Pause, Script, Speech, Step, Text};
pub use state::Moment;
