//! What interviews of a definition say, whoever calls.

use super::{Definition, Kind};
use crate::words::Language;

impl Definition {
    /// The language's words, by the flow's language or else the tenant's.
    pub fn words(&self, tenants: &str) -> Language {
        let tag = if self.language.is_empty() {
            tenants
        } else {
            &self.language
        };
        Language::of(tag)
    }

    /// What every interview of this flow says, whoever calls: what is worth speaking into files before the first call.
    pub fn fixed_lines(&self, language: &str) -> Vec<String> {
        let words = self.words(language).words();
        let or = |own: &str, ours: &str| if own.is_empty() { ours } else { own }.to_owned();
        let mut lines = match self.kind {
            Kind::Coach => vec![
                or(&self.greeting, words.coach_greeting),
                words.menu.to_owned(),
                words.how_to_answer.to_owned(),
                words.thanks.to_owned(),
                or(&self.completion, words.completion),
                words.not_understood.to_owned(),
                words.no_feedback.to_owned(),
                words.last_feedback.to_owned(),
                words.goodbye.to_owned(),
            ],
            Kind::Screener => vec![
                or(&self.greeting, words.screener_greeting),
                words.how_to_answer.to_owned(),
                words.thanks.to_owned(),
                or(&self.completion, words.completion),
            ],
            Kind::Eligibility => vec![
                or(&self.greeting, words.screener_greeting),
                words.yes_or_no.to_owned(),
                or(&self.eligible, words.eligible),
                or(&self.not_eligible, words.not_eligible),
                or(&self.unclear, words.unclear),
            ],
        };
        if self.spoken_feedback {
            lines.extend(
                [
                    words.preparing_feedback,
                    words.still_preparing,
                    words.feedback_later,
                ]
                .map(str::to_owned),
            );
        }
        if self.written.is_some() {
            lines.extend(self.fallback_questions.iter().cloned());
            lines.extend(words.questions.iter().copied().map(str::to_owned));
        }
        lines.push(self.recording_notice.clone());
        lines.extend(self.questions.iter().map(|question| question.ask.clone()));
        lines.retain(|line| !line.trim().is_empty());
        lines
    }
}
