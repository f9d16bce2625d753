//! What an interview is: its words, its questions, its rules.

mod parts;
mod prompts;
mod read;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use parts::{
    Answering, AnsweringMachine, Expect, Kind, OnMachine, Question, Retry, Rule, Written,
};
pub use validate::MOST_QUESTIONS;

use crate::ai::{Ai, Engine};
use crate::hours::QuietHours;

/// An interview's definition. Made only by [`Definition::read`] and its kin, so that there is no bad one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Definition {
    /// By which numbers and calls name it.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// Who hears and speaks, where calls are on a stream (`eligibility`).
    pub engine: Engine,
    /// BCP 47; empty: the tenant's, else `en-US`. It drives voice, recognition and prompts.
    pub language: String,
    /// A Twilio voice, for what is said by `<Say>`; empty: the tenant's.
    pub voice: String,
    /// What it is about: the position, the subject.
    pub topic: String,
    /// The first words; empty: ours, in the language.
    pub greeting: String,
    /// What tells the caller about the recording; empty: ours, unless the tenant's `recording.consent_notice` is false.
    pub recording_notice: String,
    /// Questions with fixed words, which come first.
    pub questions: Vec<Question>,
    /// Questions that are written while the interview goes on.
    pub written: Option<Written>,
    /// What is asked where a written question is late; ours follow.
    pub fallback_questions: Vec<String>,
    /// How answers are recorded.
    pub answer: Answering,
    /// How long a caller may be kept waiting for a written question, in milliseconds.
    pub wait_ms: u32,
    /// Whether feedback is spoken at the end.
    pub spoken_feedback: bool,
    /// How long a caller is kept for it, in seconds.
    pub feedback_wait_s: u32,
    /// The last words; empty: ours.
    pub completion: String,
    /// What a good answer has, for the scores.
    pub criteria: String,
    /// When a caller is eligible.
    pub rule: Rule,
    /// What an eligible caller hears; empty: ours.
    pub eligible: String,
    /// What a caller hears who is not; empty: ours.
    pub not_eligible: String,
    /// What a caller hears when an answer that decides was never understood; empty: ours.
    pub unclear: String,
    /// The longest call, in seconds; 0: Twilio's limit.
    pub max_call_s: u32,
    /// How long it rings when we call, in seconds.
    pub ring_s: u32,
    /// Answering machines.
    pub machine: AnsweringMachine,
    /// When nobody is called, in the candidate's time zone.
    pub quiet_hours: Option<QuietHours>,
    /// When a failed call is tried again.
    pub retry: Retry,
    /// Models and instructions.
    pub ai: Ai,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: Kind::Screener,
            engine: Engine::default(),
            language: String::new(),
            voice: String::new(),
            topic: String::new(),
            greeting: String::new(),
            recording_notice: String::new(),
            questions: Vec::new(),
            written: None,
            fallback_questions: Vec::new(),
            answer: Answering::default(),
            wait_ms: 2_500,
            spoken_feedback: false,
            feedback_wait_s: 30,
            completion: String::new(),
            criteria: String::new(),
            rule: Rule::default(),
            eligible: String::new(),
            not_eligible: String::new(),
            unclear: String::new(),
            max_call_s: 0,
            ring_s: 30,
            machine: AnsweringMachine::default(),
            quiet_hours: None,
            retry: Retry::default(),
            ai: Ai::default(),
        }
    }
}

impl Definition {
    /// The same from what [`Definition::to_value`] gave: it has been validated before.
    ///
    /// # Errors
    ///
    /// What serde says of a value that is none of ours.
    pub fn stored(value: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }

    /// As it is kept and published.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A screener with these questions: what a job description without a flow of its own becomes.
    pub fn screener(questions: Vec<String>) -> Self {
        let mut definition = Self {
            name: Kind::Screener.as_str().to_owned(),
            questions: questions
                .into_iter()
                .map(|ask| Question {
                    id: String::new(),
                    ask,
                    expect: Expect::Recording,
                })
                .collect(),
            ..Self::default()
        };
        definition.number_questions();
        definition
    }

    /// The coach of a number whose tenant has defined none: five questions, written for the caller.
    pub fn coach() -> Self {
        Self {
            name: Kind::Coach.as_str().to_owned(),
            kind: Kind::Coach,
            written: Some(Written { count: 5 }),
            spoken_feedback: true,
            ..Self::default()
        }
    }

    /// How many questions the whole interview has.
    pub fn total(&self) -> u32 {
        let written = self.written.as_ref().map_or(0, |written| written.count);
        u32::try_from(self.questions.len())
            .unwrap_or(u32::MAX)
            .saturating_add(written)
    }

    fn number_questions(&mut self) {
        for (n, question) in self.questions.iter_mut().enumerate() {
            if question.id.is_empty() {
                question.id = format!("q{}", n + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests;
