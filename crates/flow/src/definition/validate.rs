//! What a good definition keeps to.

use std::collections::HashSet;

use super::{Definition, Expect, Kind, OnMachine};
use crate::ai::Engine;
use crate::field::{FieldError, LONGEST_TEXT, is_language, is_name};

/// The most questions of one interview.
pub const MOST_QUESTIONS: usize = 50;
/// The longest that a caller may be kept waiting for a question, in milliseconds. Twilio gives up after 15 s.
const LONGEST_WAIT_MS: u32 = 8_000;

impl Definition {
    /// Notes everything that is wrong.
    pub(super) fn validate(&self, faults: &mut Vec<FieldError>) {
        if !is_name(&self.name) {
            faults.push(FieldError::new(
                "name",
                "a name is up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
            ));
        }
        if self.engine == Engine::Relay && self.kind != Kind::Eligibility {
            faults.push(FieldError::new(
                "engine",
                "only eligibility and conversation flows are held over ConversationRelay",
            ));
        }
        self.validate_questions(faults);
        self.validate_numbers(faults);
        self.validate_texts(faults);
        if self.machine.action == OnMachine::Message && self.machine.message.is_empty() {
            faults.push(FieldError::new(
                "machine.message",
                "is missing: it is what an answering machine hears",
            ));
        }
        for (n, on) in self.retry.on.iter().enumerate() {
            if !["busy", "no-answer", "failed", "machine", "nobody"].contains(&on.as_str()) {
                faults.push(FieldError::new(
                    format!("retry.on[{n}]"),
                    "is none of busy, no-answer, failed, machine, nobody",
                ));
            }
        }
    }

    fn validate_texts(&self, faults: &mut Vec<FieldError>) {
        let texts = [
            ("greeting", &self.greeting),
            ("recording_notice", &self.recording_notice),
            ("completion", &self.completion),
            ("eligible", &self.eligible),
            ("not_eligible", &self.not_eligible),
            ("unclear", &self.unclear),
            ("machine.message", &self.machine.message),
            ("topic", &self.topic),
        ];
        let fallbacks = self.fallback_questions.iter().enumerate();
        let fallbacks = fallbacks.map(|(n, text)| (format!("fallback_questions[{n}]"), text));
        let texts = texts.map(|(path, text)| (path.to_owned(), text));
        for (path, text) in texts.into_iter().chain(fallbacks) {
            if text.len() > LONGEST_TEXT {
                faults.push(FieldError::new(
                    path,
                    format!("is longer than {LONGEST_TEXT} bytes; shorten it"),
                ));
            }
        }
        if !self.language.is_empty() && !is_language(&self.language) {
            faults.push(FieldError::new(
                "language",
                "is no BCP 47 tag such as en-US or de-DE",
            ));
        }
    }

    fn validate_questions(&self, faults: &mut Vec<FieldError>) {
        if self.total() == 0 {
            faults.push(FieldError::new(
                "questions",
                "there are none: give questions, or written: {count: 5} to have them written",
            ));
        }
        if self.total() as usize > MOST_QUESTIONS {
            faults.push(FieldError::new(
                "questions",
                format!("are more than {MOST_QUESTIONS} in all"),
            ));
        }
        let mut ids = HashSet::new();
        for (n, question) in self.questions.iter().enumerate() {
            let at = |field: &str| format!("questions[{n}].{field}");
            if question.ask.trim().is_empty() {
                faults.push(FieldError::new(at("ask"), "is empty"));
            } else if question.ask.len() > LONGEST_TEXT {
                faults.push(FieldError::new(
                    at("ask"),
                    format!("is longer than {LONGEST_TEXT} bytes"),
                ));
            }
            if !ids.insert(question.id.as_str()) {
                faults.push(FieldError::new(
                    at("id"),
                    format!("{} is there twice", question.id),
                ));
            }
            if self.kind == Kind::Eligibility && question.expect != Expect::YesNo {
                faults.push(FieldError::new(
                    at("expect"),
                    "an eligibility flow asks for yes_no only",
                ));
            }
        }
        if self.kind == Kind::Eligibility && self.written.is_some() {
            faults.push(FieldError::new(
                "written",
                "an eligibility flow has questions of its own only",
            ));
        }
    }

    fn validate_numbers(&self, faults: &mut Vec<FieldError>) {
        let mut between = |path: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                faults.push(FieldError::new(
                    path,
                    format!("is not between {low} and {high}"),
                ));
            }
        };
        between("answer.max_s", self.answer.max_s, 1, 3_600);
        between("answer.silence_s", self.answer.silence_s, 1, 60);
        between("wait_ms", self.wait_ms, 0, LONGEST_WAIT_MS);
        between("feedback_wait_s", self.feedback_wait_s, 0, 120);
        between("ring_s", self.ring_s, 5, 600);
        between("max_call_s", self.max_call_s, 0, 14_400);
        between("retry.attempts", self.retry.attempts, 1, 10);
        between("retry.after_s", self.retry.after_s, 0, 7 * 86_400);
        let keys = &self.answer.finish_key;
        if !keys
            .chars()
            .all(|key| key.is_ascii_digit() || matches!(key, '*' | '#'))
        {
            faults.push(FieldError::new(
                "answer.finish_key",
                "has others than 0-9, * and #",
            ));
        }
    }
}
