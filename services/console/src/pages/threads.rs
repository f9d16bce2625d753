//! A conversation and its messages, as dispatch answers them.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::format::{When, iso, phone, tone, words};

/// So many messages come with a thread.
const SHOWN: usize = 50;

/// A conversation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Conversation {
    pub id: String,
    pub tenant_id: String,
    pub customer: String,
    pub number: String,
    pub status: String,
    pub answering: String,
    pub urgency: String,
    pub opted_out: bool,
    pub unread: Value,
    pub last_message: Option<Message>,
    pub attention: Option<String>,
    pub reply_due_at: Option<DateTime<Utc>>,
    pub draft: Option<Draft>,
    pub human_until: Option<DateTime<Utc>>,
    pub facts: Value,
    pub updated_at: Option<DateTime<Utc>>,
    pub messages: Vec<Message>,
    pub entries: Vec<Entry>,
    pub appointments: Vec<Appointment>,
    pub lead_id: Option<String>,
}

/// The AI's answer that waits until it is due.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub text: String,
    pub leaves_at: Option<DateTime<Utc>>,
    pub simulated: bool,
}

impl Draft {
    /// When it leaves, as script counts down to it.
    pub fn leaves(&self) -> String {
        self.leaves_at.map(iso).unwrap_or_default()
    }

    /// When it leaves, for who reads without script.
    pub fn when(&self) -> Option<When> {
        self.leaves_at.map(When)
    }
}

/// The customer's words by which texts stop or start.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Evidence {
    pub wish: String,
    pub body: String,
    pub source: String,
    pub message_sid: String,
    pub at: Option<DateTime<Utc>>,
}

impl Evidence {
    /// When it came.
    pub fn when(&self) -> Option<When> {
        self.at.map(When)
    }

    /// Who understood it so.
    pub fn by(&self) -> &'static str {
        match self.source.as_str() {
            "twilio" => "as Twilio says",
            _ => "as our rules read it",
        }
    }
}

/// What happened beside the messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Entry {
    pub kind: String,
    pub at: Option<DateTime<Utc>>,
    pub call_id: Option<String>,
    pub detail: Value,
}

/// What stands in a thread.
pub enum Item<'a> {
    /// A text.
    Message(&'a Message),
    /// What happened beside the texts.
    Entry(&'a Entry),
}

impl Entry {
    /// When it happened.
    pub fn when(&self) -> Option<When> {
        self.at.map(When)
    }

    /// What it was, in words.
    pub fn words(&self) -> String {
        let told = |field: &str| self.detail[field].as_str().map(words).unwrap_or_default();
        match self.kind.as_str() {
            "call" if !told("interview").is_empty() => "Call with an interview".to_owned(),
            "call" => format!("Call {}", told("outcome")).trim_end().to_owned(),
            "answering" if self.detail["answering"] == "human" => {
                "A person has taken over".to_owned()
            }
            "answering" => "The AI answers again".to_owned(),
            "emergency" => format!("Emergency: {}", told("danger")),
            "emergency_call" => format!("The owner is called: {}", told("status")),
            "booking" => {
                let label = self.detail["label"].as_str().unwrap_or_default();
                format!("Appointment {} {label}", told("status"))
            }
            "blocked" if self.detail["blocked"] == true => "The customer is blocked".to_owned(),
            "blocked" => "The customer is blocked no more".to_owned(),
            "status" => format!("The conversation is {}", told("status")),
            other => words(other),
        }
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        match self.kind.as_str() {
            "call" => tone(self.detail["outcome"].as_str().unwrap_or_default()),
            "emergency" | "emergency_call" => "bad",
            "booking" => "good",
            _ => "quiet",
        }
    }
}

/// A time that a customer has, or was offered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Appointment {
    pub starts_at: Option<DateTime<Utc>>,
    pub status: String,
    pub service: String,
}

/// A message of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    pub id: String,
    pub direction: String,
    pub sender: String,
    pub body: String,
    pub media: Vec<Media>,
    pub status: String,
    pub error_code: Option<i64>,
    pub error_message: Option<String>,
    pub simulated: bool,
    pub automatic: bool,
    pub reactions: Value,
    pub sent_at: Option<DateTime<Utc>>,
    pub created_at: Option<DateTime<Utc>>,
}

/// A picture or another file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Media {
    pub content_type: Option<String>,
    pub url: String,
    pub status: Option<String>,
}

impl Conversation {
    /// The customer's number.
    pub fn party(&self) -> String {
        phone(&self.customer)
    }

    /// The business's number.
    pub fn ours(&self) -> String {
        phone(&self.number)
    }

    /// The latest news.
    pub fn when(&self) -> Option<When> {
        self.updated_at.map(When)
    }

    /// Whether something was not read yet.
    pub fn is_unread(&self) -> bool {
        self.unread.as_bool().unwrap_or(false) || self.unread.as_i64().is_some_and(|n| n > 0)
    }

    /// Whether a person answers.
    pub fn by_human(&self) -> bool {
        self.answering == "human"
    }

    /// Why an operator should look, in words.
    pub fn attention(&self) -> Option<String> {
        self.attention.as_deref().map(words)
    }

    /// When the AI answers, unless a person does before.
    pub fn reply_due(&self) -> Option<When> {
        self.reply_due_at.map(When)
    }

    /// The same, as script counts down to it.
    pub fn due(&self) -> String {
        self.reply_due_at.map(iso).unwrap_or_default()
    }

    /// When the AI answers again.
    pub fn silent_until(&self) -> Option<When> {
        self.human_until.filter(|_| self.by_human()).map(When)
    }

    /// What the customer is known to want: names and values.
    pub fn facts(&self) -> Vec<(String, String)> {
        let facts = self.facts.as_object().into_iter().flatten();
        let fact = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::String(text) if !text.is_empty() => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Bool(true) => "yes".to_owned(),
                _ => return None,
            };
            Some((words(name), text))
        };
        facts.filter_map(fact).collect()
    }

    /// Messages and what happened beside them, in the order of their times.
    pub fn items(&self) -> Vec<Item<'_>> {
        let messages = self.messages.iter();
        let messages = messages.map(|it| (it.sent_at.or(it.created_at), Item::Message(it)));
        let first = self.messages.first();
        let first = first.and_then(|it| it.sent_at.or(it.created_at));
        // Older messages are on an earlier page; a call that began the thread stands before the first text.
        let is_shown = |it: &&Entry| self.messages.len() < SHOWN || it.at >= first;
        let entries = self.entries.iter().filter(is_shown);
        let mut items: Vec<_> = messages
            .chain(entries.map(|it| (it.at, Item::Entry(it))))
            .collect();
        items.sort_by_key(|(at, _)| *at);
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "abandoned")
    }

    /// Whether it is urgent.
    pub fn is_urgent(&self) -> bool {
        matches!(self.urgency.as_str(), "urgent" | "emergency")
    }

    /// The colour of its urgency.
    pub fn tone(&self) -> &'static str {
        tone(&self.urgency)
    }
}

impl Appointment {
    /// When it begins.
    pub fn when(&self) -> Option<When> {
        self.starts_at.map(When)
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        match self.status.as_str() {
            "confirmed" => "good",
            "tentative" => "warn",
            _ => "quiet",
        }
    }
}

impl Message {
    /// Who wrote it, for people.
    pub fn from(&self) -> &'static str {
        match self.sender.as_str() {
            "customer" => "Customer",
            "ai" => "AI",
            "human" => "Operator",
            _ => "Automatic",
        }
    }

    /// When it was sent.
    pub fn when(&self) -> Option<When> {
        self.sent_at.map(When)
    }

    /// What the customer's reactions are now.
    pub fn reactions(&self) -> String {
        let list = self.reactions.as_array().into_iter().flatten();
        let present = list.filter(|it| !it["removed"].as_bool().unwrap_or(false));
        let signs = present.filter_map(|it| it["sign"].as_str());
        signs.collect::<Vec<_>>().join(" ")
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "undelivered" | "refused")
    }
}

impl Media {
    /// Whether it is a picture that the browser shows, from our own address.
    pub fn is_picture(&self) -> bool {
        let kind = self.content_type.as_deref().unwrap_or_default();
        let is_shown = ["image/jpeg", "image/png", "image/gif", "image/webp"].contains(&kind);
        is_shown && self.url.starts_with("/conversations/")
    }

    /// Why there is no file, in words.
    pub fn missing(&self) -> Option<String> {
        match self.status.as_deref() {
            None | Some("stored") => None,
            Some("pending") => Some("A file is on its way.".to_owned()),
            Some(why) => Some(format!("A file was not kept: {}.", words(why))),
        }
    }

    /// Only web addresses are led to.
    pub fn link(&self) -> Option<&str> {
        let web = self.url.starts_with("https://")
            || self.url.starts_with("http://")
            || self.url.starts_with("/conversations/");
        web.then_some(self.url.as_str())
    }
}
