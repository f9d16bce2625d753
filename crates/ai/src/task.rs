//! The kinds of work that are given to chat models: the data they get and the answers they give.
//!
//! A real model is told by instructions and by the answer's schema what to do. The simulated one reads its data from the first
//! [`crate::Block::json`] that has the shape its task wants, so give it that: [`AboutQuestion`], [`AboutAnswer`] or
//! [`AboutInterview`]. `Debug` shows nothing of them but their names.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of work a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    /// Write a question: [`AboutQuestion`] to [`Question`].
    Question,
    /// Score an answer: [`AboutAnswer`] to [`Score`].
    Score,
    /// Sum an interview up: [`AboutInterview`] to [`Summary`].
    Summary,
}

impl Task {
    /// `question`, `score`, `summary`: as metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Score => "score",
            Self::Summary => "summary",
        }
    }
}

/// What a question is to be about.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutQuestion {
    /// What the interview is about.
    pub topic: String,
    /// Which question it is to be, from 1.
    pub question_number: u32,
    /// Every question asked or planned so far: none may be repeated.
    pub asked: Vec<String>,
    /// What was answered so far.
    #[serde(default)]
    pub turns: Vec<Turn>,
}

/// An answer that is to be scored.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutAnswer {
    /// What was asked.
    pub question: String,
    /// What was said, as transcribed.
    pub transcript: String,
    /// What a good answer has, in the operator's words.
    #[serde(default)]
    pub criteria: String,
    /// What the position is.
    #[serde(default)]
    pub position: String,
}

/// An interview that is to be summed up.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutInterview {
    /// `screener` (a recommendation is wanted) or `coach` (none is).
    pub kind: String,
    /// What the position is.
    #[serde(default)]
    pub position: String,
    /// The questions with their answers and scores.
    pub turns: Vec<Turn>,
}

/// A question, its answer and the score.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// From 1.
    pub question_number: u32,
    /// What was asked.
    pub question: String,
    /// Empty when it could not be transcribed.
    #[serde(default)]
    pub transcript: String,
    /// 0 to 100; `None` when it was not scored.
    #[serde(default)]
    pub score: Option<u32>,
    /// What was said about the answer.
    #[serde(default)]
    pub feedback: String,
}

/// The answer to [`Task::Question`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// One question, as it is spoken to the candidate.
    pub question: String,
}

/// The answer to [`Task::Score`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// 0 to 100.
    #[schemars(range(max = 100))]
    pub score: u32,
    /// What the score rests on, in a sentence or two.
    pub feedback: String,
    /// The words of the transcript that the score rests on, copied exactly.
    pub quote: String,
}

/// The answer to [`Task::Summary`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// 0 to 100.
    #[schemars(range(max = 100))]
    pub overall_score: u32,
    /// `strong_yes`, `yes`, `maybe` or `no` for a screener's interview, empty for a coach's.
    pub recommendation: String,
    /// What was good, a few words each.
    pub strengths: Vec<String>,
    /// What could be better, a few words each.
    pub areas_for_improvement: Vec<String>,
    /// At most 3 sentences, as they are spoken to the candidate.
    pub feedback: String,
}

macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

hidden!(
    AboutQuestion,
    AboutAnswer,
    AboutInterview,
    Turn,
    Question,
    Score,
    Summary
);
