//! What the other roles answer, as far as pages show it. Whatever is not there has its default: a page works while a
//! role is older or newer than this one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::format::{When, duration, phone, tone, words};

/// A page of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct List<T> {
    /// The rows.
    #[serde(default = "Vec::new")]
    pub items: Vec<T>,
    /// Where the next page begins.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            next_cursor: None,
        }
    }
}

/// A value that may be null: then it is the default.
pub fn or_default<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(input).map(Option::unwrap_or_default)
}

/// A call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    pub id: String,
    pub call_sid: String,
    pub tenant_id: String,
    pub direction: String,
    pub from: String,
    pub to: String,
    pub status: String,
    pub outcome: Option<String>,
    pub reason: Option<String>,
    pub duration_s: Option<i64>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub conversation_id: Option<String>,
    pub interview: Option<CallInterview>,
    pub recordings: Vec<Recording>,
}

/// The interview that a call is for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CallInterview {
    pub id: String,
    pub flow: String,
    pub status: String,
    pub outcome: Option<String>,
}

/// A recording of a call.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Recording {
    pub id: String,
    #[serde(deserialize_with = "or_default")]
    pub recording_type: String,
    #[serde(deserialize_with = "or_default")]
    pub recording_source: String,
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    #[serde(deserialize_with = "or_default")]
    pub format: String,
    pub channels: Option<i64>,
    pub duration_s: Option<f64>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub recording_sid: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub metadata: Value,
}

impl Call {
    /// The one word that says how it went or goes.
    pub fn word(&self) -> String {
        words(self.state())
    }

    fn state(&self) -> &str {
        self.outcome.as_deref().unwrap_or(&self.status)
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        tone(self.state())
    }

    /// Whether it goes on.
    pub fn is_live(&self) -> bool {
        self.outcome.is_none() && self.ended_at.is_none()
    }

    /// The other party.
    pub fn party(&self) -> String {
        phone(if self.direction == "outbound" {
            &self.to
        } else {
            &self.from
        })
    }

    /// The platform's own number.
    pub fn number(&self) -> String {
        phone(if self.direction == "outbound" {
            &self.from
        } else {
            &self.to
        })
    }

    /// When it began.
    pub fn when(&self) -> Option<When> {
        self.started_at.map(When)
    }

    /// How long it took.
    pub fn lasted(&self) -> String {
        // Who was not answered has not talked.
        let talked = self.duration_s.filter(|seconds| *seconds > 0);
        talked.map_or_else(String::new, duration)
    }

    /// What it was for.
    pub fn about(&self) -> String {
        match (&self.interview, &self.reason) {
            (Some(interview), _) => {
                let outcome = interview.outcome.as_deref().unwrap_or(&interview.status);
                format!("interview {}: {}", interview.flow, words(outcome))
            }
            (None, Some(reason)) => words(reason),
            (None, None) => String::new(),
        }
    }
}

/// A line of a call's timeline.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Line {
    pub at: Option<DateTime<Utc>>,
    pub kind: String,
    pub detail: Value,
}

/// A number.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Number {
    pub id: String,
    pub number: Option<String>,
    pub tenant_id: String,
    pub primary: bool,
    pub status: String,
    pub voice: String,
    pub sms: String,
    pub sid: Option<String>,
}

impl Number {
    /// As people write it.
    pub fn shown(&self) -> String {
        self.number
            .as_deref()
            .map_or_else(|| "being bought".to_owned(), phone)
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        tone(&self.status)
    }

    /// The flow that answers its calls.
    pub fn flow(&self) -> Option<&str> {
        self.voice.split_once(':').map(|(_, flow)| flow)
    }
}

/// An interview.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Interview {
    pub id: String,
    pub tenant_id: String,
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub flow: String,
    pub flow_version: i64,
    pub status: String,
    pub outcome: Option<String>,
    pub failure_reason: Option<String>,
    pub candidate_id: Option<String>,
    pub call_sid: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub number: String,
    #[serde(deserialize_with = "or_default")]
    pub person: String,
    pub overall_score: Option<u32>,
    pub created_at: Option<DateTime<Utc>>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Interview {
    /// The one word that says how it went or goes.
    pub fn word(&self) -> String {
        words(self.outcome.as_deref().unwrap_or(&self.status))
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        tone(self.outcome.as_deref().unwrap_or(&self.status))
    }

    /// Who is interviewed.
    pub fn party(&self) -> String {
        phone(&self.person)
    }

    /// When it was made.
    pub fn when(&self) -> Option<When> {
        self.created_at.map(When)
    }

    /// Whether it goes on.
    pub fn is_live(&self) -> bool {
        matches!(self.status.as_str(), "calling" | "in-progress")
    }
}
