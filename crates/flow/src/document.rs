//! What the caller hears, and what is listened for then.

use serde::{Deserialize, Serialize};

/// What the caller hears, and what is listened for then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The texts, in order. Each is spoken by itself, so that what recurs is made once.
    pub lines: Vec<String>,
    /// What comes then.
    pub then: Then,
}

/// What is listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// A key or a word of the menu.
    Menu,
    /// An answer to this question.
    Record(u32),
    /// Yes or no to this question.
    YesNo(u32),
    /// A key: whoever presses one while the message for machines is said is a person.
    Message,
    /// Nothing: Twilio asks at once how it goes on.
    GoOn,
    /// Nothing more.
    HangUp,
}
