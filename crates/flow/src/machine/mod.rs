//! The state machine. Each method takes one thing that happened and says what follows.

mod answers;
mod ask;
mod call;
mod close;

use clock::Time;
use phrases::Language;

use crate::definition::Definition;
use crate::document::{Document, Then};
use crate::outcome::{self, Verdict};
use crate::progress::Progress;

/// How often something that was not understood is asked again.
const TRIES: u32 = 3;
/// How long one request of Twilio's may wait for the feedback, in milliseconds.
const FEEDBACK_ROUND_MS: u32 = 6_000;
/// How long an answer is waited for that Twilio has told of and that is not here yet, in milliseconds.
const LATE_ANSWER_MS: u32 = 1_500;

/// What is answered to whoever waits for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// This.
    Say(Document),
    /// Nothing yet: what the caller waits for comes, or is replaced after so many milliseconds.
    Hold {
        /// The turn that is waited for, for [`Machine::due`].
        turn: u32,
        /// How long.
        wait_ms: u32,
    },
    /// Nobody waits.
    None,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Have a question written. The ordinal is its identity within the interview.
    Write {
        /// From 1.
        ordinal: u32,
        /// The question that it is to be.
        number: u32,
    },
    /// Have this said by a voice, ahead of its time.
    Prepare(String),
    /// An answer was given: tell.
    Taken(u32),
    /// Look for the recording by and by, should Twilio not tell of it.
    AwaitRecording(u32),
    /// Have an answer transcribed.
    Transcribe(u32),
    /// Have an answer scored.
    Score(u32),
    /// Have it all summed up.
    Summarize,
    /// Nothing more will come: the results are there.
    Evaluated,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// For whoever waits.
    pub turn: Turn,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
}

impl Step {
    /// Nobody hears anything, and there is nothing to do.
    pub fn nothing() -> Self {
        Self::of(Turn::None)
    }

    fn of(turn: Turn) -> Self {
        Self {
            turn,
            effects: Vec::new(),
        }
    }

    /// For whoever asks in a call that is over.
    fn hang_up() -> Self {
        Self::of(Turn::Say(Document {
            lines: Vec::new(),
            then: Then::HangUp,
        }))
    }

    fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    fn after(mut self, mut effects: Vec<Effect>) -> Self {
        effects.append(&mut self.effects);
        self.effects = effects;
        self
    }
}

/// An interview at work: its definition, how far it has come, and the time of what happens now.
pub struct Machine<'a> {
    definition: &'a Definition,
    language: Language,
    consent_notice: bool,
    progress: &'a mut Progress,
    at: Time,
}

impl<'a> Machine<'a> {
    /// Takes it up. `language` is the tenant's, for a definition without its own.
    pub fn new(
        definition: &'a Definition,
        language: &str,
        progress: &'a mut Progress,
        at: Time,
    ) -> Self {
        Self {
            language: definition.phrases(language),
            consent_notice: false,
            definition,
            progress,
            at,
        }
    }

    /// Whether callers are told that they are recorded where the definition has no notice of its own.
    pub fn with_consent_notice(mut self, consent_notice: bool) -> Self {
        self.consent_notice = consent_notice;
        self
    }

    /// Says it, and keeps it, to be said again when Twilio asks how the call goes on: its reply may have been lost.
    fn say(&mut self, lines: Vec<String>, then: Then) -> Step {
        let lines = lines
            .into_iter()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let document = Document { lines, then };
        self.progress.said = Some(document.clone());
        Step::of(Turn::Say(document))
    }

    /// How it went; `None` while the call goes on.
    pub fn verdict(&self) -> Option<Verdict> {
        outcome::verdict(self.definition, self.progress)
    }

    /// Whether every question has its answer.
    pub fn is_complete(&self) -> bool {
        outcome::is_complete(self.definition, self.progress)
    }
}

#[cfg(test)]
mod tests;
