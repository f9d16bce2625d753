//! The emulator from outside: an application that checks signatures, and phones that call it.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

mod app;
mod callbacks;
mod coached;
mod controls;
mod cookies;
mod delivery;
mod dial;
mod faults;
mod gather;
mod interview;
mod keys;
mod machine;
mod messages;
mod numbers;
mod outbound;
mod picked_up;
mod play;
mod record;
mod recordings;
mod relay;
mod rest;
mod scheduled;
mod sound;
mod streams;
mod twiml;
mod world;
