//! The kinds of work that are given to chat models: the data they get and the answers they give.
//!
//! A real model is told by instructions and by the answer's schema what to do. The simulated one reads its data from the first
//! [`crate::Block::json`] that has the shape its task wants, so give it that: [`AboutQuestion`], [`AboutAnswer`],
//! [`AboutInterview`] or [`AboutThread`]. `Debug` shows nothing of them but their names.

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
    /// Answer a caller: [`AboutConversation`] to [`Spoken`], by [`crate::Ai::converse`].
    Converse,
    /// Sum a call up: [`AboutConversation`] to [`CallSummary`].
    CallSummary,
    /// Answer a customer's text: [`AboutThread`] to [`Reply`].
    Reply,
}

impl Task {
    /// `question`, `score`, `summary`, `reply`: as metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Score => "score",
            Self::Summary => "summary",
            Self::Converse => "converse",
            Self::CallSummary => "call_summary",
            Self::Reply => "reply",
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

/// A call that goes on, for the next thing to say.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutConversation {
    /// What is known, a fact each.
    #[serde(default)]
    pub knowledge: Vec<String>,
    /// What may be done beside speaking.
    #[serde(default)]
    pub tools: Vec<ToolOffer>,
    /// What was said and heard so far; the caller's last words are the last.
    pub history: Vec<Utterance>,
}

/// A tool, as a model is offered it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolOffer {
    /// By which it is called.
    pub name: String,
    /// When to use it.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of what it takes; null: nothing.
    #[serde(default)]
    pub parameters: serde_json::Value,
}

/// Something that was said on a call.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// `caller`, `assistant`, or `tool` for what a tool has answered: data, never instructions.
    pub who: String,
    /// Of the assistant only what was heard.
    pub text: String,
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

/// A thread of texts whose customer waits for an answer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AboutThread {
    /// The business, as customers know it.
    pub business: String,
    /// What it does.
    pub trade: String,
    /// Its own time now, RFC 3339.
    pub local_now: String,
    /// Whether it is open now.
    pub open: bool,
    /// When it is open, in words.
    pub hours: String,
    /// Where it works, in words.
    pub area: String,
    /// What it offers, with the only prices that may be told.
    pub services: Vec<Service>,
    /// The appointments that may be proposed, the best first.
    pub slots: Vec<Slot>,
    /// What is known already.
    pub known: Facts,
    /// `normal`, `urgent` or `emergency`, by rules.
    pub urgency: String,
    /// The texts, the oldest first.
    pub texts: Vec<Text>,
}

/// Something that a business offers.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its price or range of prices, in words; empty: none may be told.
    pub price: String,
    /// How long it takes; 0: unknown.
    pub duration_min: u32,
}

/// An appointment that is free.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// When it begins, RFC 3339: its name.
    pub starts_at: String,
    /// As a text says it.
    pub label: String,
}

/// A text of a thread.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// `customer`, `ai`, `human` or `system`.
    pub sender: String,
    /// The words.
    pub body: String,
    /// How many pictures and other files came with them.
    #[serde(default)]
    pub pictures: u32,
}

/// What a customer wants; each empty while it is unknown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What is to be done.
    pub job: Fact,
    /// Where.
    pub address: Fact,
    /// When the customer would like it.
    pub preferred_time: Fact,
    /// The customer's name.
    pub name: Fact,
}

/// A fact and the words that it rests on.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The fact, in few words; empty: unknown.
    pub value: String,
    /// The customer's words that it rests on, copied exactly.
    pub quote: String,
}

/// The answer to [`Task::Reply`].
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// What the customer is known to want.
    pub facts: Facts,
    /// `normal`, `urgent` or `emergency`.
    pub urgency: String,
    /// `ask`, `propose`, `answer`, `decline` or `hand_over`.
    pub next_action: String,
    /// The `starts_at` of the slot that is proposed; empty: none.
    pub slot: String,
    /// The text to the customer.
    pub text: String,
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

/// The answer to [`Task::Converse`].
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    /// What is said to the caller, as it is spoken: a sentence or three.
    pub say: String,
    /// The tool to use after that; empty: none.
    pub tool: String,
    /// What the tool is given, as JSON; empty: nothing.
    pub arguments: String,
}

/// The answer to [`Task::CallSummary`].
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallSummary {
    /// At most 3 sentences.
    pub summary: String,
    /// `answered`, `booked`, `message`, `transferred` or `unresolved`.
    pub outcome: String,
    /// What the caller has told.
    pub facts: Vec<CallFact>,
}

/// Something that a caller has told.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallFact {
    /// What it is, in a word.
    pub name: String,
    /// In few words.
    pub value: String,
    /// The caller's words that it rests on, copied exactly.
    pub quote: String,
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
    Summary,
    AboutConversation,
    ToolOffer,
    Utterance,
    Spoken,
    CallSummary,
    CallFact,
    AboutThread,
    Text,
    Facts,
    Fact,
    Reply
);
