use std::fmt;
use std::time::Duration;

use bytes::Bytes;

/// What a provider answered, and what it took. `Debug` does not show the answer.
#[derive(Clone, PartialEq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// What it took. To be kept and shown with the answer.
    pub usage: Usage,
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

/// What was said in a recording. `Debug` does not show it.
#[derive(Clone, Default, PartialEq)]
pub struct Heard {
    /// The words; empty when nothing was said.
    pub text: String,
    /// Each with its place, where it was asked for and the provider gives it; else empty.
    pub words: Vec<HeardWord>,
}

/// A word, and where it is in the recording.
#[derive(Clone, Default, PartialEq)]
pub struct HeardWord {
    /// The word, with what stands right behind it.
    pub text: String,
    /// In seconds.
    pub from_s: f64,
    /// In seconds.
    pub to_s: f64,
}

impl From<String> for Heard {
    fn from(text: String) -> Self {
        Self {
            text,
            words: Vec::new(),
        }
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("words", &self.words.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HeardWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeardWord")
            .field("from_s", &self.from_s)
            .field("to_s", &self.to_s)
            .finish_non_exhaustive()
    }
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provider {
    /// OpenAI, or any server that speaks its API.
    OpenAi,
    /// A speech server on this machine.
    Local,
    /// Ears of Deepgram, or of a server that speaks its API.
    Deepgram,
    /// A voice of ElevenLabs.
    ElevenLabs,
    /// A voice of Murf.
    Murf,
    /// Ourselves, deterministically, without any intelligence.
    Simulated,
}

impl Provider {
    /// `openai`, `local`, `deepgram`, `elevenlabs`, `murf`, `simulated`: as events and metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Local => "local",
            Self::Deepgram => "deepgram",
            Self::ElevenLabs => "elevenlabs",
            Self::Murf => "murf",
            Self::Simulated => "simulated",
        }
    }

    /// The provider of that name; `None` for an empty or an unknown one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::OpenAi,
            Self::Local,
            Self::Deepgram,
            Self::ElevenLabs,
            Self::Murf,
            Self::Simulated,
        ]
        .into_iter()
        .find(|provider| provider.as_str() == name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an answer took: the message `AiUsage` of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Who answered.
    pub provider: Provider,
    /// With which model; of a voice without models, the voice.
    pub model: String,
    /// Whether the answer was made up by the simulated provider: to be shown wherever the answer is.
    pub simulated: bool,
    /// From the call to the answer, waiting and failed attempts included.
    pub latency: Duration,
    /// How often a provider was asked, over all providers; at least 1.
    pub attempts: u32,
    /// As the provider counted; `None` when it did not.
    pub prompt_tokens: Option<u64>,
    /// As the provider counted; `None` when it did not.
    pub completion_tokens: Option<u64>,
    /// The answer's price in millionths of a US dollar; `None` when [`crate::Prices`] does not know it. Attempts that failed
    /// are not in it.
    pub cost_micro_usd: Option<u64>,
}

/// Speech that Twilio's `<Play>` can play.
#[derive(Clone, PartialEq, Eq)]
pub struct Speech {
    /// The whole file.
    pub bytes: Bytes,
    /// What the bytes are, by the bytes themselves: `audio/wav` or `audio/mpeg`.
    pub content_type: &'static str,
    /// The ending of the file's name, without a dot: `wav` or `mp3`.
    pub extension: &'static str,
    /// How long it lasts; `None` of an MP3 file, which is not read here.
    pub duration: Option<Duration>,
}

impl fmt::Debug for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Speech")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .field("duration", &self.duration)
            .finish()
    }
}
