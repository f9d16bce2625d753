#![doc = include_str!("../README.md")]

mod ai;
mod assistant;
mod definition;
mod document;
mod field;
mod flow;
mod hours;
mod machine;
mod outcome;
mod progress;
mod rehearsal;
pub mod speech;
mod understood;
mod yes_no;

pub use ai::{Ai, Engine};
pub use assistant::{Assistant, BUILT_IN_TOOLS, Tool, Voice};
pub use definition::{
    Answering, AnsweringMachine, Definition, Expect, Kind, MOST_QUESTIONS, OnMachine, Question,
    Retry, Rule, Written,
};
pub use document::{Document, Then};
pub use field::{FieldError, is_language, is_name};
pub use flow::Flow;
pub use hours::QuietHours;
pub use machine::{Effect, Machine, Step, Turn};
pub use outcome::{Outcome, Verdict};
pub use progress::{
    Answer, Asked, End, Progress, Recording, Scoring, Source, Stage, Transcription, Usage, Write,
};
pub use rehearsal::{Heard, Party, rehearse};
pub use understood::{Choice, choice, menu_hints, yes_no_hints};
pub use yes_no::yes_no;
