//! What interviews of a definition say, whoever calls.

use phrases::Language;

use super::{Definition, Expect, Kind, Question};

impl Definition {
    /// The language of our phrases: the flow's, else the tenant's.
    pub fn phrases(&self, tenants: &str) -> Language {
        let tag = if self.language.is_empty() {
            tenants
        } else {
            &self.language
        };
        Language::of(tag)
    }

    /// What tells the caller about the recording: the definition's own words, else ours where `consent_notice` asks for
    /// them. Empty: nothing.
    pub fn notice(&self, language: Language, consent_notice: bool) -> &str {
        match self.recording_notice.as_str() {
            "" if consent_notice => language.calls().recording_notice,
            own => own,
        }
    }

    /// Whether answers are recorded.
    pub fn records(&self) -> bool {
        let is_recorded = |question: &Question| question.expect == Expect::Recording;
        self.written.is_some() || self.questions.iter().any(is_recorded)
    }

    /// What every interview of this flow says, whoever calls: what is worth speaking into files before the first call.
    /// `consent_notice`: whether callers are told that they are recorded.
    pub fn fixed_lines(&self, language: &str, consent_notice: bool) -> Vec<String> {
        let language = self.phrases(language);
        let words = language.interview();
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
            lines.extend(language.questions().iter().copied().map(str::to_owned));
        }
        lines.push(self.notice(language, consent_notice).to_owned());
        lines.extend(self.questions.iter().map(|question| question.ask.clone()));
        lines.retain(|line| !line.trim().is_empty());
        lines
    }
}
