#![doc = include_str!("../README.md")]

mod assistant;
mod definition;
mod flow;
mod hours;
mod machine;
mod outcome;
mod progress;
mod rehearsal;
pub mod speech;
mod understood;
mod yes_no;

pub use assistant::{Assistant, BUILT_IN_TOOLS, Engine, Tool, Voice};
pub use definition::{
    Ai, Answering, AnsweringMachine, Definition, Expect, FieldError, Kind, MOST_QUESTIONS,
    OnMachine, Question, Retry, Rule, Written, is_language, is_name,
};
pub use flow::Flow;
pub use hours::QuietHours;
pub use machine::{Document, Effect, Machine, Step, Then, Turn};
pub use outcome::{Outcome, Verdict};
pub use progress::{
    Answer, Asked, End, Progress, Recording, Scoring, Source, Stage, Transcription, Usage, Write,
};
pub use rehearsal::{Heard, Party, rehearse};
pub use understood::{Choice, choice, menu_hints, yes_no_hints};
pub use yes_no::yes_no;
