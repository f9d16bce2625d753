#![doc = include_str!("../README.md")]

mod definition;
mod hours;
mod machine;
mod outcome;
mod progress;
pub mod speech;
mod words;
mod yes_no;

pub use definition::{
    Ai, Answering, AnsweringMachine, Definition, Expect, FieldError, Kind, MOST_QUESTIONS,
    OnMachine, Question, Retry, Rule, Written, is_language, is_name,
};
pub use hours::QuietHours;
pub use machine::{Document, Effect, Machine, Step, Then, Turn};
pub use outcome::{Outcome, Verdict};
pub use progress::{
    Answer, Asked, End, Progress, Recording, Scoring, Source, Stage, Transcription, Usage, Write,
};
pub use words::{Choice, Language, Words};
