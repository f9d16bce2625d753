#![doc = include_str!("../README.md")]

mod consumer;
mod decision;
pub mod directory;
pub mod health;
pub mod http;
mod platform;
mod relay;
pub mod seal;
pub mod settings;
pub mod telemetry;

pub use consumer::{Decider, Fault, Performer};
pub use decision::{Cause, Decision, derive_id};
pub use platform::{Error, Parts, Platform, Role};
pub use relay::Relay;
pub use store::Tx;
