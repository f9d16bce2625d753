//! What a definition is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an interview is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Recorded answers, scored, with a recommendation at the end.
    Screener,
    /// A menu, questions written for the caller, spoken feedback.
    Coach,
    /// Questions of yes and no, and a rule.
    Eligibility,
}

impl Kind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Screener => "screener",
            Self::Coach => "coach",
            Self::Eligibility => "eligibility",
        }
    }
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Freely; the answer is recorded.
    #[default]
    Recording,
    /// With yes or no, spoken or by the keys 1 and 2.
    YesNo,
}

/// A question whose words stand in the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name within the flow; made from its number where none is given.
    #[serde(default)]
    pub id: String,
    /// Its words.
    pub ask: String,
    /// How it is answered.
    #[serde(default)]
    pub expect: Expect,
}

/// How an answer is recorded; Twilio's `<Record>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answering {
    /// The longest answer, in seconds.
    pub max_s: u32,
    /// After so many seconds of silence the answer is over.
    pub silence_s: u32,
    /// The keys that end it.
    pub finish_key: String,
    /// Whether a beep says that the recording begins.
    pub beep: bool,
}

impl Default for Answering {
    fn default() -> Self {
        Self {
            max_s: 60,
            silence_s: 4,
            finish_key: "#".to_owned(),
            beep: true,
        }
    }
}

/// Questions that are written while the interview goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// How many, after those of the definition.
    pub count: u32,
}

/// What happens when a machine picks up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMachine {
    /// It is not looked at; the interview begins.
    #[default]
    Ignore,
    /// The call ends.
    HangUp,
    /// The message is left after the beep.
    Message,
}

/// Answering machines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnsweringMachine {
    /// What is done.
    pub action: OnMachine,
    /// What is left, with `message`.
    pub message: String,
}

/// When a call that failed is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// How often is called in all.
    pub attempts: u32,
    /// How long after a failed attempt, in seconds.
    pub after_s: u32,
    /// After which failures: `busy`, `no-answer`, `failed`, `machine`, `nobody` (picked up, and nothing was heard).
    pub on: Vec<String>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            after_s: 900,
            on: vec!["busy".to_owned(), "no-answer".to_owned()],
        }
    }
}

/// When a caller is eligible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every answer is yes.
    #[default]
    AllYes,
    /// One is.
    AnyYes,
}
