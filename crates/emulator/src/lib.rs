#![doc = include_str!("../README.md")]

mod call;
mod control;
mod document;
mod ears;
mod error;
mod faults;
mod http;
mod ids;
mod log;
mod rest;
mod running;
mod script;
mod sms;
mod state;
mod stream;
mod time;
mod webhooks;

pub use control::CallView;
pub use ears::Ears;
pub use error::Error;
pub use faults::{
    ApiFault, Behaviour, CallbackTime, Callbacks, Callee, Fault, Handset, RecordingEnd,
    RecordingFault, StreamFault,
};
pub use log::{Direction, Entry};
pub use running::{Config, Credentials, Emulator, Handle, Running};
pub use script::{Carrying, Expect, Interruption, Nothing, Pause, Script, Speech, Step, Text};
pub use state::{Media, Moment};
