//! Who hears and speaks for a flow, and by which models.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who hears and speaks, where a call is on a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// The platform's own ears and voice, over Media Streams.
    #[default]
    Media,
    /// Twilio's, over ConversationRelay.
    Relay,
}

impl Engine {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Relay => "relay",
        }
    }
}

/// Models and instructions of this flow; what is empty is the tenant's or the platform's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ai {
    /// The model that writes questions, scores and sums up.
    pub chat_model: String,
    /// The model that transcribes.
    pub transcribe_model: String,
    /// The model that speaks.
    pub speech_model: String,
    /// The voice, by its provider's name for it.
    pub voice: String,
    /// `elevenlabs`, `murf`, `openai`.
    pub voice_provider: String,
    /// What is added to our own instructions.
    pub instructions: String,
}
