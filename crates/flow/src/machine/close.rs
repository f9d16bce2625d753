//! The end: the last words, the feedback, and when everything is there that will be.

use clock::Time;

use super::{Effect, FEEDBACK_ROUND_MS, Machine, Step, Turn};
use crate::definition::Kind;
use crate::document::Then;
use crate::field::LONGEST_TEXT;
use crate::outcome::{self, Outcome};
use crate::progress::{Answer, End, Stage};

impl Machine<'_> {
    /// It is summed up, or will not be: then without feedback. `waits`: whether the caller's request is held.
    pub fn summed_up(&mut self, feedback: Option<&str>, waits: bool) -> Step {
        if self.progress.evaluated {
            return Step::nothing();
        }
        self.progress.evaluated = true;
        self.progress.feedback = feedback.map(shortened);
        let step = match self.progress.stage {
            Stage::Closing { since } if waits => self.close(since),
            _ => Step::nothing(),
        };
        step.with(Effect::Evaluated)
    }

    /// The call is over.
    pub fn ended(&mut self, status: &str, sip_code: Option<u32>) -> Step {
        if self.progress.end.is_none() {
            self.progress.end = Some(End {
                status: status.to_owned(),
                sip_code,
                at: self.at,
            });
        }
        self.evaluate()
    }

    /// What comes late had its time: an answer that was being given when the call ended.
    pub fn settled(&mut self) -> Step {
        self.progress.settled = true;
        self.evaluate()
    }

    /// The last answer is given.
    pub(super) fn finish(&mut self) -> Step {
        let words = self.language.interview();
        let or = |own: &str, ours: &str| if own.is_empty() { ours } else { own }.to_owned();
        if self.definition.spoken_feedback && self.definition.kind != Kind::Eligibility {
            self.progress.stage = Stage::Closing { since: self.at };
            self.progress.turn += 1;
            let step = self.say(vec![words.preparing_feedback.to_owned()], Then::GoOn);
            let evaluated = self.evaluate().effects;
            return step.after(evaluated);
        }
        self.progress.stage = Stage::Over;
        self.progress.turn += 1;
        let line = match self.definition.kind {
            Kind::Eligibility => match outcome::eligibility(self.definition, self.progress) {
                Outcome::Eligible => or(&self.definition.eligible, words.eligible),
                Outcome::Unclear => or(&self.definition.unclear, words.unclear),
                _ => or(&self.definition.not_eligible, words.not_eligible),
            },
            Kind::Screener | Kind::Coach => or(&self.definition.completion, words.completion),
        };
        let evaluated = self.evaluate().effects;
        self.say(vec![line], Then::HangUp).after(evaluated)
    }

    /// The feedback if it is there, a moment's patience, or the promise of it.
    pub(super) fn close(&mut self, since: Time) -> Step {
        let words = self.language.interview();
        let own = &self.definition.completion;
        let completion = if own.is_empty() {
            words.completion
        } else {
            own
        }
        .to_owned();
        let feedback = self.progress.feedback.clone();
        let lines = match feedback {
            Some(feedback) => vec![feedback, completion],
            None if self.progress.evaluated => vec![completion],
            None if self.is_late(since) => vec![words.feedback_later.to_owned(), completion],
            None => {
                self.progress.turn += 1;
                return Step::of(Turn::Hold {
                    turn: self.progress.turn,
                    wait_ms: FEEDBACK_ROUND_MS
                        .min(self.definition.feedback_wait_s.saturating_mul(1_000)),
                });
            }
        };
        self.progress.stage = Stage::Over;
        self.progress.turn += 1;
        self.say(lines, Then::HangUp)
    }

    pub(super) fn is_late(&self, since: Time) -> bool {
        (self.at - since).num_seconds() >= i64::from(self.definition.feedback_wait_s)
    }

    pub(super) fn goodbye(&mut self) -> Step {
        self.progress.stage = Stage::Over;
        self.progress.turn += 1;
        self.say(
            vec![self.language.interview().goodbye.to_owned()],
            Then::HangUp,
        )
    }

    /// Sums up when no further answer can come and nothing more will come for those that did.
    pub(super) fn evaluate(&mut self) -> Step {
        let progress = &mut *self.progress;
        let no_more = match progress.stage {
            Stage::Closing { .. } | Stage::Over => true,
            _ => progress.settled && progress.end.is_some(),
        };
        if progress.summing_up || progress.evaluated || !no_more {
            return Step::nothing();
        }
        if !progress.answers.iter().all(Answer::is_settled) {
            return Step::nothing();
        }
        let has_words = progress
            .answers
            .iter()
            .any(|answer| !answer.transcript.is_empty());
        if self.definition.kind == Kind::Eligibility || !has_words {
            // Over without an end: the end is still to come, and with it the results.
            if progress.end.is_none() && !matches!(progress.stage, Stage::Closing { .. }) {
                return Step::nothing();
            }
            progress.evaluated = true;
            return Step::nothing().with(Effect::Evaluated);
        }
        progress.summing_up = true;
        Step::nothing().with(Effect::Summarize)
    }
}

/// What a caller can be expected to listen to: whole sentences, where it has any.
fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let mut end = LONGEST_TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let sentences = text.rfind(['.', '!', '?']).map_or(end, |last| last + 1);
    text[..sentences].to_owned()
}
