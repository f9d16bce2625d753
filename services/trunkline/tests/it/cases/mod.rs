//! What is asked of the platform.

pub mod calls;
mod commands;
pub mod doors;
mod interviews;
pub mod kills;
pub mod notify;
pub mod odd;
mod operating;
pub mod orders;
mod outages;
pub mod reports;
pub mod signatures;
pub mod stopping;
pub mod surface;
mod traces;
pub mod twilio_down;
pub mod wishes;
mod world;

pub use interviews::{coach, providers, recordings, screener, steps, unreached, versions, wrong};
