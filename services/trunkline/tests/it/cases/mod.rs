//! What is asked of the platform.

mod backup;
pub mod calls;
mod chaos;
mod commands;
pub mod doors;
mod elsewhere;
pub mod erasures;
mod examples;
pub mod fetched;
mod fixtures;
mod interviews;
pub mod kills;
mod moving;
pub mod notify;
pub mod odd;
mod operating;
pub mod orders;
mod outages;
pub mod recorded;
mod replicas;
pub mod reports;
mod rolling;
mod schemas;
pub mod sessions;
pub mod signatures;
mod soak;
pub mod stopping;
pub mod streamdouble;
pub mod streams;
pub mod streams_again;
pub mod surface;
mod traces;
pub mod twilio_down;
pub mod wishes;

pub use interviews::{coach, providers, recordings, screener, steps, unreached, versions, wrong};
