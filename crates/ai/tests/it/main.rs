//! The crate against a server that plays its providers, well and badly.

#![expect(clippy::unwrap_used, reason = "tests fail that way")]

mod chat;
mod converse;
mod ears;
mod fallback;
mod injection;
mod listener;
mod patience;
mod secrets;
mod server;
mod simulated;
mod speech;
mod transcription;
