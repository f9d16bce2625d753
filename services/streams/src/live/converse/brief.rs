//! What a conversation is told before its first turn: enough to have it once more.

use flow::Assistant;
use serde::{Deserialize, Serialize};

use super::Conversation;

/// What a conversation begins with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Brief {
    /// The flow of the number.
    pub assistant: Assistant,
    /// The tenant's, BCP 47.
    pub language: String,
    /// Who takes over where the assistant names nobody.
    pub forward_to: String,
    /// What the stream before this one remembered.
    pub state: String,
}

impl Brief {
    /// The conversation at its beginning.
    pub fn conversation(&self) -> Conversation {
        Conversation::new(self.assistant.clone(), &self.language, &self.forward_to)
            .remembering(&self.state)
    }

    /// To be written down.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
