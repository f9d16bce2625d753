use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::{Provider, Task};

/// A piece of data for a model: what a caller said, a resume, a text message. Whoever wrote it is not to be trusted, so it
/// never stands where instructions stand.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is, in our own words: `resume`. Lower-case letters, digits and `_`; anything else becomes `_`.
    pub(crate) label: String,
    pub(crate) content: String,
}

impl Block {
    /// Text as a person wrote or said it.
    pub fn text(label: &str, text: impl Into<String>) -> Self {
        let fit = |letter: char| match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => letter,
            _ => '_',
        };
        Self {
            label: label.chars().take(64).map(fit).collect(),
            content: text.into(),
        }
    }

    /// Structured data, as JSON. The simulated provider reads its task from such blocks: see [`crate::task`].
    pub fn json(label: &str, data: &impl Serialize) -> Self {
        Self::text(label, serde_json::to_string(data).unwrap_or_default())
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({}, {} bytes)", self.label, self.content.len())
    }
}

/// A picture for a model that sees. Whoever took it is not to be trusted any more than whoever wrote a [`Block`].
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/jpeg`, `image/png`, `image/gif` or `image/webp`.
    pub content_type: String,
    /// The file.
    pub bytes: Bytes,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Picture({}, {} bytes)",
            self.content_type,
            self.bytes.len()
        )
    }
}

/// Work for a chat model. Its answer has the shape of the type that [`crate::Ai::chat`] is called with.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatRequest {
    /// What kind of work it is: the label of metrics, and by which the simulated provider answers.
    pub task: Task,
    /// What to do: ours and the operator's words only. Never put into it what a caller, a candidate or a customer wrote.
    pub instructions: String,
    /// What to do it with.
    pub data: Vec<Block>,
    /// Pictures that belong to the data, in their order. A model that cannot see refuses them ([`crate::Error::Refused`]); the
    /// simulated one does not look at them.
    pub pictures: Vec<Picture>,
    /// The language to answer in, BCP 47: `en-US`, `de`. Empty: the model decides.
    pub language: String,
    /// Another model than the configured one. Empty: the configured one.
    pub model: String,
    /// The time allowed, for all attempts and providers together. `None`: [`crate::Limits::chat`].
    pub within: Option<Duration>,
}

impl ChatRequest {
    /// A request with instructions and without data.
    pub fn new(task: Task, instructions: impl Into<String>) -> Self {
        Self {
            task,
            instructions: instructions.into(),
            data: Vec::new(),
            pictures: Vec::new(),
            language: String::new(),
            model: String::new(),
            within: None,
        }
    }

    /// With one more block of data.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.data.push(block);
        self
    }
}

impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatRequest")
            .field("task", &self.task)
            .field("data", &self.data)
            .field("pictures", &self.pictures)
            .field("language", &self.language)
            .field("model", &self.model)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// How long an answer that is given out while it is written may be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For its first piece.
    pub first: Duration,
    /// For each piece after that.
    pub next: Duration,
}

/// A recording whose words are wanted.
#[derive(Clone, PartialEq, Eq)]
pub struct TranscribeRequest {
    /// The file as Twilio served it: WAV or MP3.
    pub audio: Bytes,
    /// With an ending that fits the bytes: OpenAI goes by it. Anything but its ending is of no interest.
    pub file_name: String,
    /// The language that is spoken, BCP 47. Empty: the model finds out.
    pub language: String,
    /// Another model than the configured one. Empty: the configured one.
    pub model: String,
    /// Whether the place of each word is wanted, where the provider gives it.
    pub words: bool,
    /// The time allowed, for all attempts together. `None`: [`crate::Limits::transcribe`].
    pub within: Option<Duration>,
}

impl TranscribeRequest {
    /// A recording in the model's own choice of language.
    pub fn new(audio: impl Into<Bytes>, file_name: impl Into<String>) -> Self {
        Self {
            audio: audio.into(),
            file_name: file_name.into(),
            language: String::new(),
            model: String::new(),
            words: false,
            within: None,
        }
    }
}

impl fmt::Debug for TranscribeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TranscribeRequest")
            .field("audio", &self.audio.len())
            .field("language", &self.language)
            .field("model", &self.model)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// A text that is to be spoken.
#[derive(Clone, PartialEq, Eq)]
pub struct SpeakRequest {
    /// The words.
    pub text: String,
    /// The language of the text, BCP 47. Empty: the voice's own.
    pub language: String,
    /// The provider's name of a voice. Empty: the provider's configured one. It means something only to `provider`: whoever
    /// speaks in its place uses its own.
    pub voice: String,
    /// Who is wished for. The others follow in their order when it is not configured or fails.
    pub provider: Option<Provider>,
    /// Another model than the configured one, of `provider`. Empty: the configured one.
    pub model: String,
    /// The time allowed, for all attempts and providers together. `None`: [`crate::Limits::speak`].
    pub within: Option<Duration>,
}

impl SpeakRequest {
    /// A text in the configured voice.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            language: String::new(),
            voice: String::new(),
            provider: None,
            model: String::new(),
            within: None,
        }
    }
}

impl fmt::Debug for SpeakRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpeakRequest")
            .field("text", &self.text.len())
            .field("language", &self.language)
            .field("voice", &self.voice)
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("within", &self.within)
            .finish()
    }
}
