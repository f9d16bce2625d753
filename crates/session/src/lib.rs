#![doc = include_str!("../README.md")]

mod config;
mod dialogue;
mod guard;
mod hearing;
mod io;
pub mod journal;
mod machine;
mod media_clock;
mod playout;
mod print;
mod relay;
mod session;
mod timing;

pub use config::{Config, Limits};
pub use guard::is_made_up;
pub use io::{EndReason, Heard, Input, Output, Then, Voice};
pub use machine::Machine;
pub use relay::Relay;
pub use session::Session;
pub use timing::TurnTiming;

/// Samples, and bytes of mu-law, in a frame of 20 ms at 8 kHz.
pub const FRAME: usize = 160;
/// Frames in a second.
pub const FRAMES_PER_SECOND: u64 = 50;
/// How long a frame lasts.
pub const FRAME_TIME: std::time::Duration = std::time::Duration::from_millis(20);

/// One frame of mu-law.
pub type Frame = [u8; FRAME];

/// A frame in which nothing is heard.
pub const SILENCE: Frame = [audio::mulaw::SILENCE; FRAME];

/// Frames that so many milliseconds last.
pub(crate) const fn steps(ms: u64) -> u64 {
    ms / 20
}
