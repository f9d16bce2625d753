//! What a free conversation with the model is: who it speaks as, what it knows, what it may do.

mod read;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use self::read::read;
use crate::ai::{Ai, Engine};

/// A voice by its provider's name for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Voice {
    /// `elevenlabs`, `murf`, `openai`, or a provider of ConversationRelay; empty: the tenant's.
    pub provider: String,
    /// The provider's id of the voice; empty: its usual one.
    pub id: String,
}

/// Something that an assistant may do beside speaking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tool {
    /// `transfer`, `send_text`, `hang_up`, `take_message`, or a name of the tenant's own for a request to `url`.
    pub name: String,
    /// When the model should use it; empty: the platform's words for the tools that it brings.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// E.164, for `transfer`: the person who takes over.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// Where a tool of the tenant's own is posted to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// JSON Schema of what the model gives it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub parameters: Value,
    /// How long its answer may take, in seconds; 0: the platform's.
    #[serde(skip_serializing_if = "is_zero")]
    pub deadline_s: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// The tools that the platform brings.
pub const BUILT_IN_TOOLS: [&str; 4] = ["transfer", "send_text", "hang_up", "take_message"];

/// A flow of `kind: conversation`. Made only by [`crate::Flow::read`] and [`Assistant::stored`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Assistant {
    /// By which numbers name it.
    pub name: String,
    /// Always `conversation`.
    pub kind: String,
    /// Who hears and speaks.
    pub engine: Engine,
    /// BCP 47; empty: the tenant's, else `en-US`.
    pub language: String,
    /// Who it sounds like.
    pub voice: Voice,
    /// The first words; empty: the platform's, in the language.
    pub greeting: String,
    /// What tells the caller about the recording; empty: the tenant's `recording.consent_notice` decides.
    pub recording_notice: String,
    /// Who the model is and how it behaves.
    pub instructions: String,
    /// What it knows, a fact each.
    pub knowledge: Vec<String>,
    /// What it may do.
    pub tools: Vec<Tool>,
    /// What is said when neither model nor voice answers; empty: the platform's.
    pub apology: String,
    /// The longest call, in seconds; 0: Twilio's limit.
    pub max_call_s: u32,
    /// Models; what is empty is the tenant's or the platform's.
    pub ai: Ai,
}

impl Assistant {
    /// The word in `kind`.
    pub const KIND: &'static str = "conversation";

    /// The same from what [`Assistant::to_value`] gave: it has been validated before.
    ///
    /// # Errors
    ///
    /// What serde says of a value that is none of ours.
    pub fn stored(value: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }

    /// As it is kept and published.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The tool of this name.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }
}

impl Tool {
    /// Whether the platform brings it.
    pub fn is_built_in(&self) -> bool {
        BUILT_IN_TOOLS.contains(&self.name.as_str())
    }
}
