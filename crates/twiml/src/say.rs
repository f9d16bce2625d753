//! `<Say>` and the SSML inside it.

use crate::attribute::{Attributes, Extra};
use crate::element::element;
use crate::value::{Private, words};
use crate::write::{Write, Writer};

element! {
    /// Speaks a text, of at most 4096 characters. Set `voice` always: the default differs between Twilio's own sources.
    Say {
        pub(crate) content: Vec<Speech>,
    }
    attributes {
        /// The voice, such as `Polly.Joanna` or `Google.en-US-Neural2-F`.
        into voice: String = "voice",
        /// The language, such as `en-US`.
        into language: String = "language",
        /// How often it is said (1); 0 is for ever.
        set repeat: u32 = "loop",
    }
}

/// A piece of what is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speech {
    /// Words.
    Text(Private),
    /// Words or silence with directions.
    Ssml(Ssml),
}

words! {
    /// The elements of SSML that Twilio's helper libraries know.
    SsmlTag {
        /// A pause.
        Break = "break",
        /// Stress.
        Emphasis = "emphasis",
        /// Another language.
        Lang = "lang",
        /// A paragraph.
        Paragraph = "p",
        /// A pronunciation.
        Phoneme = "phoneme",
        /// Volume, rate, pitch.
        Prosody = "prosody",
        /// A sentence.
        Sentence = "s",
        /// How to read digits, dates and the like.
        SayAs = "say-as",
        /// Something to say instead.
        Sub = "sub",
        /// A word's role.
        Word = "w",
    }
}

/// An SSML element. Twilio speaks it with neural voices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ssml {
    pub(crate) tag: SsmlTag,
    pub(crate) attributes: Extra,
    pub(crate) content: Vec<Speech>,
}

impl Say {
    /// Says a text.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::default().then(text)
    }

    /// Says more.
    #[must_use]
    pub fn then(mut self, text: impl AsRef<str>) -> Self {
        push_text(&mut self.content, text.as_ref());
        self
    }

    /// Goes on with SSML.
    #[must_use]
    pub fn ssml(mut self, ssml: Ssml) -> Self {
        self.content.push(Speech::Ssml(ssml));
        self
    }

    /// What is said, piece by piece.
    #[must_use]
    pub fn content(&self) -> &[Speech] {
        &self.content
    }

    /// What is said, without SSML.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        flatten(&self.content, &mut text);
        text
    }
}

impl<T: AsRef<str>> From<T> for Say {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl Ssml {
    /// A pause.
    #[must_use]
    pub fn pause_ms(milliseconds: u32) -> Self {
        Self::of(
            SsmlTag::Break,
            &[("time", &format!("{milliseconds}ms"))],
            "",
        )
    }

    /// Reads a text as `digits`, `telephone`, `date` and so on.
    #[must_use]
    pub fn say_as(interpret_as: &str, text: &str) -> Self {
        Self::of(SsmlTag::SayAs, &[("interpret-as", interpret_as)], text)
    }

    /// Says a text at a rate such as `slow` or `90%`.
    #[must_use]
    pub fn rate(rate: &str, text: &str) -> Self {
        Self::of(SsmlTag::Prosody, &[("rate", rate)], text)
    }

    /// Which element it is.
    #[must_use]
    pub fn tag(&self) -> SsmlTag {
        self.tag
    }

    /// Its attributes as (name, value).
    #[must_use]
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes.0
    }

    /// What is in it.
    #[must_use]
    pub fn content(&self) -> &[Speech] {
        &self.content
    }

    fn of(tag: SsmlTag, attributes: &[(&str, &str)], text: &str) -> Self {
        let mut ssml = Self {
            tag,
            attributes: Extra::default(),
            content: Vec::new(),
        };
        for (name, value) in attributes {
            ssml.attributes.keep(name, value);
        }
        push_text(&mut ssml.content, text);
        ssml
    }
}

/// Keeps texts that follow each other in one piece, as they are when read.
pub(crate) fn push_text(content: &mut Vec<Speech>, text: &str) {
    match content.last_mut() {
        _ if text.is_empty() => {}
        Some(Speech::Text(last)) => last.push(text),
        _ => content.push(Speech::Text(text.into())),
    }
}

fn flatten(content: &[Speech], text: &mut String) {
    for piece in content {
        match piece {
            Speech::Text(words) => text.push_str(words),
            Speech::Ssml(ssml) => flatten(&ssml.content, text),
        }
    }
}

impl Write for Say {
    fn write(&self, out: &mut Writer) {
        out.children("Say", self, &self.content);
    }
}

impl Write for Speech {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Text(text) => out.characters(text),
            Self::Ssml(it) => out.children(it.tag.as_str(), &it.attributes, &it.content),
        }
    }
}
