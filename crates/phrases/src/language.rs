//! The languages that we have phrases in.

use crate::assistant::{self, AssistantPhrases};
use crate::calls::{self, CallPhrases};
use crate::interview::{self, InterviewPhrases};
use crate::safety::{self, SafetyPhrases};
use crate::texts::{self, TextPhrases};

/// The tag of what is spoken where a language is not ours.
const FALLBACK: &str = "en-US";

/// A language that we have phrases in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English; also for every language that we have no phrases in.
    English,
    /// German
    German,
    /// Spanish
    Spanish,
}

impl Language {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Spanish];

    /// The language of a BCP 47 tag, such as `de-AT`; English for one that is not ours and for an empty one.
    pub fn of(tag: &str) -> Self {
        Self::known(tag).unwrap_or(Self::English)
    }

    /// The language of a BCP 47 tag; none: we have no phrases in it.
    pub fn known(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        let is = |ours: &str| primary.eq_ignore_ascii_case(ours);
        match () {
            () if is("en") => Some(Self::English),
            () if is("de") => Some(Self::German),
            () if is("es") => Some(Self::Spanish),
            () => None,
        }
    }

    /// In which language a line is spoken where the flow's or the tenant's is `tag`: in that, except for phrases of
    /// ours that we have in English only.
    pub fn of_line<'a>(tag: &'a str, line: &str) -> &'a str {
        if Self::known(tag).is_some() || !Self::English.has(line) {
            tag
        } else {
            FALLBACK
        }
    }

    /// In which language words are listened for that we have to understand ourselves.
    pub fn heard(tag: &str) -> &str {
        match Self::known(tag) {
            Some(_) => tag,
            None => FALLBACK,
        }
    }

    /// What interviews say.
    pub fn interview(self) -> &'static InterviewPhrases {
        match self {
            Self::English => &interview::english::PHRASES,
            Self::German => &interview::german::PHRASES,
            Self::Spanish => &interview::spanish::PHRASES,
        }
    }

    /// What interviews ask where a written question is late.
    pub fn questions(self) -> &'static [&'static str] {
        match self {
            Self::English => interview::english::QUESTIONS,
            Self::German => interview::german::QUESTIONS,
            Self::Spanish => interview::spanish::QUESTIONS,
        }
    }

    /// What other calls say.
    pub fn calls(self) -> &'static CallPhrases {
        match self {
            Self::English => &calls::ENGLISH,
            Self::German => &calls::GERMAN,
            Self::Spanish => &calls::SPANISH,
        }
    }

    /// What text messages say.
    pub fn texts(self) -> &'static TextPhrases {
        match self {
            Self::English => &texts::ENGLISH,
            Self::German => &texts::GERMAN,
            Self::Spanish => &texts::SPANISH,
        }
    }

    /// What a customer in danger is told.
    pub fn safety(self) -> &'static SafetyPhrases {
        match self {
            Self::English => &safety::ENGLISH,
            Self::German => &safety::GERMAN,
            Self::Spanish => &safety::SPANISH,
        }
    }

    /// What an assistant says without its model.
    pub fn assistant(self) -> &'static AssistantPhrases {
        match self {
            Self::English => &assistant::ENGLISH,
            Self::German => &assistant::GERMAN,
            Self::Spanish => &assistant::SPANISH,
        }
    }

    /// Whether this is a phrase that we speak.
    fn has(self, line: &str) -> bool {
        let calls = self.calls().lines().chain(self.assistant().lines());
        let mut spoken = self.interview().lines().chain(calls);
        spoken.any(|own| own == line) || self.questions().contains(&line)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::template;

    #[test]
    fn language_of_unknown_tag_is_english() {
        assert_eq!(Language::of("fr"), Language::English);
        assert_eq!(Language::of(""), Language::English);
        assert_eq!(Language::of("DE-at"), Language::German);
        assert_eq!(
            (Language::heard("fr"), Language::heard("es-MX")),
            ("en-US", "es-MX")
        );
    }

    #[test]
    fn line_of_ours_in_unknown_language_is_spoken_in_english() {
        let english = Language::English;
        for line in [english.interview().help, english.calls().recording_notice] {
            let spoken = |tag| Language::of_line(tag, line).to_owned();
            assert_eq!(
                ["fr-FR", "de-AT", "EN-GB"].map(spoken),
                ["en-US", "de-AT", "EN-GB"]
            );
        }
        assert_eq!(Language::of_line("fr-FR", "Pourquoi ?"), "fr-FR");
    }

    #[test]
    fn phrases_of_each_language_are_whole() {
        for language in Language::ALL {
            let lines: Vec<_> = language
                .interview()
                .lines()
                .chain(language.questions().iter().copied())
                .chain(language.calls().lines())
                .chain(language.texts().lines())
                .chain(language.safety().lines())
                .chain(language.assistant().lines())
                .collect();
            for line in &lines {
                assert!(!line.trim().is_empty(), "{language:?}");
                assert_eq!(template::check(line), Ok(()), "{language:?}: {line}");
            }
            if language != Language::English {
                let english: HashSet<_> = Language::English.calls().lines().collect();
                assert!(lines.iter().all(|line| !english.contains(line)));
            }
        }
    }

    #[test]
    fn placeholders_are_the_same_in_each_language() {
        let of = |language: Language| -> Vec<Vec<String>> {
            let lines = language.calls().lines().chain(language.texts().lines());
            let lines = lines.chain(language.safety().lines());
            lines.map(template::names).collect()
        };
        assert_eq!(of(Language::English), of(Language::German));
        assert_eq!(of(Language::English), of(Language::Spanish));
    }
}
