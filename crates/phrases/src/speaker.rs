//! Who speaks.

use crate::language::Language;
use crate::voices;

/// A language and a Twilio voice, as a tenant or a flow has chosen them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Speaker<'a> {
    /// BCP 47; empty: Twilio's default.
    pub language: &'a str,
    /// A voice of Twilio's `<Say>`; empty: Twilio's default for the language.
    pub voice: &'a str,
}

impl<'a> Speaker<'a> {
    /// The speaker with this language and voice.
    pub fn new(language: &'a str, voice: &'a str) -> Self {
        Self { language, voice }
    }

    /// Who speaks our phrases, and in which language. Where we have none in the chosen language, the English ones are
    /// spoken by Twilio's English voice: a French voice that reads English is not understood.
    pub fn ours(self) -> (Language, Self) {
        let language = match self.language {
            "" => voices::language_of(self.voice).unwrap_or("en-US"),
            chosen => chosen,
        };
        match Language::known(language) {
            Some(known) => (known, self),
            None => (Language::English, Speaker::new("en-US", "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaker_of_known_language_keeps_its_voice() {
        for (language, voice, expected) in [
            ("de-DE", "Polly.Vicki", Language::German),
            ("", "Polly.Joanna", Language::English),
            ("", "", Language::English),
            ("es-MX", "", Language::Spanish),
        ] {
            let speaker = Speaker::new(language, voice);
            assert_eq!(speaker.ours(), (expected, speaker), "{language} {voice}");
        }
    }

    #[test]
    fn speaker_of_unknown_language_is_replaced_with_its_words() {
        for (language, voice) in [
            ("fr-FR", "Polly.Lea"),
            ("hi-IN", ""),
            ("", "Google.fr-FR-Neural2-A"),
        ] {
            let english = (Language::English, Speaker::new("en-US", ""));
            assert_eq!(
                Speaker::new(language, voice).ours(),
                english,
                "{language} {voice}"
            );
        }
    }

    #[test]
    fn speaker_without_a_language_has_its_voices() {
        let german = |voice| Speaker::new("", voice).ours().0 == Language::German;
        assert!(german("Google.de-DE-Wavenet-A") && german("Polly.Vicki-Neural"));
    }
}
