//! Which question comes next, and those that are written for the caller.

use super::{Effect, Machine, Step, Turn};
use crate::definition::{Expect, Kind};
use crate::document::Then;
use crate::field::LONGEST_TEXT;
use crate::progress::{Asked, Source, Stage, Write};

impl Machine<'_> {
    /// A question was written.
    pub fn written(&mut self, ordinal: u32, text: &str, simulated: bool) -> Step {
        let text = text.trim();
        let known = self.is_known(text);
        let Some(write) = self.pending(ordinal) else {
            return Step::nothing();
        };
        if text.is_empty() || text.len() > LONGEST_TEXT || known {
            *write = Write::Done;
            return self.unwaited();
        }
        *write = Write::Ready {
            text: text.to_owned(),
            simulated,
        };
        if self.progress.stage == Stage::Waiting {
            let lead = self.lead();
            return self.ask(lead, true);
        }
        Step::nothing().with(Effect::Prepare(text.to_owned()))
    }

    /// A question will not be written.
    pub fn not_written(&mut self, ordinal: u32) -> Step {
        match self.pending(ordinal) {
            Some(write) => {
                *write = Write::Done;
                self.unwaited()
            }
            None => Step::nothing(),
        }
    }

    /// What is said before a question.
    pub(super) fn lead(&self) -> Vec<String> {
        let words = self.language.interview();
        let first = self.progress.asked.is_empty();
        match self.definition.kind {
            Kind::Eligibility => Vec::new(),
            Kind::Screener | Kind::Coach if first => vec![words.how_to_answer.to_owned()],
            Kind::Screener | Kind::Coach => vec![words.thanks.to_owned()],
        }
    }

    /// Asks the next question. `waited`: what is not there now will not be waited for.
    pub(super) fn ask(&mut self, lines: Vec<String>, waited: bool) -> Step {
        if self.progress.end.is_some() {
            return Step::hang_up().after(self.evaluate().effects);
        }
        let number = self.progress.current() + 1;
        if number > self.definition.total() {
            return self.finish();
        }
        let fixed = self.definition.questions.get(number as usize - 1);
        let (id, text, source, simulated) = if let Some(question) = fixed {
            (
                question.id.clone(),
                question.ask.clone(),
                Source::Fixed,
                false,
            )
        } else if let Some((text, simulated)) = self.ready() {
            (String::new(), text, Source::Written, simulated)
        } else if !waited && self.definition.wait_ms > 0 && self.progress.being_written() > 0 {
            self.progress.stage = Stage::Waiting;
            self.progress.turn += 1;
            return Step::of(Turn::Hold {
                turn: self.progress.turn,
                wait_ms: self.definition.wait_ms,
            });
        } else if let Some(text) = self.fallback() {
            (String::new(), text, Source::Fallback, false)
        } else {
            return self.finish();
        };
        self.progress.asked.push(Asked {
            number,
            id,
            text,
            source,
            simulated,
            at: self.at,
        });
        self.progress.stage = Stage::Asking { missed: 0 };
        self.progress.turn += 1;
        let ahead = self.look_ahead();
        self.current_question(lines).after(ahead)
    }

    fn current_question(&mut self, mut lines: Vec<String>) -> Step {
        let number = self.progress.current();
        lines.extend(self.progress.asked.last().map(|asked| asked.text.clone()));
        let then = match self.expects() {
            Expect::Recording => Then::Record(number),
            Expect::YesNo => Then::YesNo(number),
        };
        self.say(lines, then)
    }

    /// How the current question is answered.
    pub(super) fn expects(&self) -> Expect {
        let number = self.progress.current() as usize;
        let question = number
            .checked_sub(1)
            .and_then(|n| self.definition.questions.get(n));
        question.map_or(Expect::Recording, |question| question.expect)
    }

    pub(super) fn next(&mut self) -> Step {
        let lead = self.lead();
        self.ask(lead, false)
    }

    /// Has the next question written or spoken while this one is answered, so that it is there when it is needed.
    pub(super) fn look_ahead(&mut self) -> Vec<Effect> {
        let next = self.progress.current() + 1;
        if let Some(fixed) = self.definition.questions.get(next as usize - 1) {
            return vec![Effect::Prepare(fixed.ask.clone())];
        }
        let underway = self.progress.ready() + self.progress.being_written();
        if next > self.definition.total() || underway > 0 {
            return Vec::new();
        }
        self.progress.writes.push(Write::Pending);
        vec![Effect::Write {
            ordinal: u32::try_from(self.progress.writes.len()).unwrap_or(u32::MAX),
            number: next,
        }]
    }

    fn pending(&mut self, ordinal: u32) -> Option<&mut Write> {
        let n = (ordinal as usize).checked_sub(1)?;
        self.progress
            .writes
            .get_mut(n)
            .filter(|write| **write == Write::Pending)
    }

    /// The caller does not wait for a question that will not come.
    fn unwaited(&mut self) -> Step {
        if self.progress.stage == Stage::Waiting && self.progress.being_written() == 0 {
            let lead = self.lead();
            return self.ask(lead, true);
        }
        Step::nothing()
    }

    /// Takes the oldest question that is written and still none of those asked.
    fn ready(&mut self) -> Option<(String, bool)> {
        for n in 0..self.progress.writes.len() {
            let Write::Ready { text, simulated } = self.progress.writes[n].clone() else {
                continue;
            };
            self.progress.writes[n] = Write::Done;
            if !self
                .progress
                .asked
                .iter()
                .any(|asked| is_same(&asked.text, &text))
            {
                return Some((text, simulated));
            }
        }
        None
    }

    fn fallback(&self) -> Option<String> {
        let own = self
            .definition
            .fallback_questions
            .iter()
            .map(String::as_str);
        own.chain(self.language.questions().iter().copied())
            .find(|text| !self.is_known(text))
            .map(str::to_owned)
    }

    /// Whether a question was asked, or waits for its turn.
    fn is_known(&self, text: &str) -> bool {
        let ready = self.progress.writes.iter().filter_map(|write| match write {
            Write::Ready { text, .. } => Some(text.as_str()),
            Write::Pending | Write::Done => None,
        });
        let asked = self.progress.asked.iter().map(|asked| asked.text.as_str());
        let fixed = self
            .definition
            .questions
            .iter()
            .map(|question| question.ask.as_str());
        asked
            .chain(ready)
            .chain(fixed)
            .any(|known| is_same(known, text))
    }
}

/// Whether two questions are the same but for case, space and marks.
fn is_same(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    letters(one) == letters(other)
}
