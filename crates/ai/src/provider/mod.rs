//! Those who may be asked.

mod deepgram;
mod elevenlabs;
mod murf;
mod openai;

use async_trait::async_trait;

pub(crate) use deepgram::Ears as Deepgram;
pub(crate) use elevenlabs::Voices as ElevenLabs;
pub(crate) use murf::Voices as Murf;
pub(crate) use openai::Server as OpenAi;
use reqwest::Upgraded;
use serde_json::Value;

use crate::attempt::AttemptError;
use crate::sound::Sounds;
use crate::task::ToolOffer;
use crate::{ChatRequest, Heard, Patience, Speech, TranscribeRequest};

/// What is asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Chat,
    Transcribe,
    Speak,
}

impl Work {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Transcribe => "transcribe",
            Self::Speak => "speak",
        }
    }
}

/// An answer as a provider gave it, and what is known about its price.
#[derive(Debug)]
pub(crate) struct Got<R> {
    pub value: R,
    pub model: String,
    pub measure: Measure,
}

/// What prices go by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Measure {
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    /// Of audio heard.
    pub seconds: Option<f64>,
    /// Spoken.
    pub characters: Option<u64>,
}

/// What a chat model is asked, and the shape of the answer.
pub(crate) struct Chat<'a> {
    pub request: &'a ChatRequest,
    pub name: String,
    pub schema: Value,
}

/// What a chat model is asked that answers a caller: in plain words, with tools.
pub(crate) struct Conversing<'a> {
    pub request: &'a ChatRequest,
    pub tools: &'a [ToolOffer],
    pub patience: Patience,
}

/// The tool that an answer ends with; empty: none.
#[derive(Debug, Default)]
pub(crate) struct Call {
    pub tool: String,
    /// As the model wrote them: mostly JSON.
    pub arguments: String,
}

/// Takes a piece of what is said.
pub(crate) type Pieces<'a> = &'a mut (dyn FnMut(&str) + Send);

/// What is to be spoken. Empty voice, model: the provider's own.
pub(crate) struct Spoken<'a> {
    pub text: &'a str,
    pub language: &'a str,
    pub voice: &'a str,
    pub model: &'a str,
}

impl Spoken<'_> {
    /// It was spoken.
    fn got<R>(&self, value: R, model: String) -> Got<R> {
        Got {
            value,
            model,
            measure: Measure {
                characters: Some(self.text.chars().count() as u64),
                ..Measure::default()
            },
        }
    }
}

/// A provider. One call is one attempt: nobody below repeats anything.
#[async_trait]
pub(crate) trait Client: Send + Sync {
    /// JSON, as it came.
    async fn chat(&self, _: &Chat<'_>) -> Result<Got<Value>, AttemptError> {
        Err(AttemptError::Refused(501))
    }

    /// An answer in plain words, given out while it comes.
    async fn converse(&self, _: &Conversing<'_>, _: Pieces<'_>) -> Result<Got<Call>, AttemptError> {
        Err(AttemptError::Refused(501))
    }

    async fn transcribe(&self, _: &TranscribeRequest) -> Result<Got<Heard>, AttemptError> {
        Err(AttemptError::Refused(501))
    }

    async fn speak(&self, _: &Spoken<'_>) -> Result<Got<Speech>, AttemptError> {
        Err(AttemptError::Refused(501))
    }

    /// The same, given out while it comes; by whoever cannot, when it is whole.
    async fn speak_in_pieces(
        &self,
        spoken: &Spoken<'_>,
        sounds: Sounds<'_>,
    ) -> Result<Got<()>, AttemptError> {
        let Got {
            value,
            model,
            measure,
        } = self.speak(spoken).await?;
        sounds(&crate::sound::whole(value).await?);
        Ok(Got {
            value: (),
            model,
            measure,
        })
    }

    /// Opens a WebSocket that takes sound of mu-law at 8 kHz and gives words: the connection behind the handshake.
    async fn listen(&self, _language: &str) -> Result<Upgraded, AttemptError> {
        Err(AttemptError::Refused(501))
    }

    /// Opens a connection for whoever asks next, where none was used lately.
    async fn warm(&self) {}
}

/// The wish, or what is configured when there is none.
fn or<'a>(wish: &'a str, configured: &'a str) -> &'a str {
    if wish.is_empty() { configured } else { wish }
}

/// The language of a BCP 47 tag alone, as ISO 639 has it: `en` of `en-US`.
pub(crate) fn primary(language: &str) -> String {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    primary.to_ascii_lowercase()
}
