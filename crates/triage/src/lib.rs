#![doc = include_str!("../README.md")]

mod answer;
mod kinds;
mod opt_out;
mod pattern;
mod reaction;
mod robot;
mod rules;
mod urgency;
mod words;

pub use answer::{Answer, answer};
pub use kinds::{Danger, Level, Season, Trade};
pub use opt_out::{Wish, mentions_stop, wish};
pub use reaction::{Kind as ReactionKind, Reaction, reaction};
pub use robot::is_automatic;
pub use urgency::{Urgency, urgency};
pub use words::same_words;
