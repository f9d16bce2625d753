//! What is remembered of a conversation from one stream of a call to the next.

use ai::task::Utterance;
use serde::{Deserialize, Serialize};

/// What is remembered of a conversation for the stream that follows.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// What was said.
    pub history: Vec<Utterance>,
    /// What callers have asked to be passed on.
    pub messages: Vec<String>,
    /// Whether nobody took the transfer that it ended with.
    pub unanswered: bool,
}

impl Memory {
    /// As it was written down; nothing, where that cannot be read.
    pub fn of(state: &str) -> Self {
        serde_json::from_str(state).unwrap_or_default()
    }

    /// To be written down.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
