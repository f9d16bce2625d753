//! A conversation and what stands in it, as it goes out.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::ahead::Held;
use crate::app::leads;
use crate::db::{Booking, Conversation, Entry, Media, Message};

/// A conversation without its messages.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Head {
    id: String,
    tenant_id: String,
    customer: String,
    number: String,
    /// `active`, `completed` or `abandoned`.
    status: String,
    /// `ai` or `human`.
    answering: String,
    /// `normal`, `urgent` or `emergency`.
    urgency: String,
    opted_out: bool,
    /// How many texts of the customer nobody has read.
    unread: i64,
    /// Why an operator should look: `emergency`, `fallback`, `automatic_replies`, ...; null: no need.
    attention: Option<String>,
    /// When the AI answers, unless a person does before.
    reply_due_at: Option<DateTime<Utc>>,
    /// When the AI answers again after an operator has written; null: when it is switched on.
    human_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// When a new text opened it again.
    opened_at: Option<DateTime<Utc>>,
    /// When it was completed or abandoned.
    closed_at: Option<DateTime<Utc>>,
    /// What the customer is known to want.
    facts: serde_json::Value,
    lead_id: Option<String>,
}

/// What happened beside the messages.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownEntry {
    id: String,
    /// `call`, `answering`, `emergency`, `emergency_call`, `booking`, `blocked`, `status`.
    kind: String,
    at: DateTime<Utc>,
    call_id: Option<String>,
    call_sid: Option<String>,
    detail: serde_json::Value,
}

/// An answer that waits.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownDraft {
    /// What will be sent; our own rules look at it again before it leaves.
    text: String,
    /// When it leaves, unless a person answers before.
    leaves_at: Option<DateTime<Utc>>,
    /// Whether a simulated provider wrote it.
    simulated: bool,
}

impl ShownDraft {
    pub(super) fn of(held: Held, thread: &Conversation) -> Option<Self> {
        let Held::Drafted { event, text } = held else {
            return None;
        };
        Some(Self {
            text,
            leaves_at: thread.reply_due_at.map(|at| at.0),
            simulated: event.usage.is_some_and(|usage| usage.simulated),
        })
    }
}

/// An appointment.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownBooking {
    id: String,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// `tentative`, `confirmed` or `released`.
    status: String,
    service: String,
}

/// A message.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownMessage {
    id: String,
    /// `inbound` or `outbound`.
    direction: String,
    /// `customer`, `ai`, `human` or `system`.
    sender: String,
    body: String,
    media: Vec<ShownMedia>,
    status: String,
    /// Twilio's code, when it went wrong.
    error_code: Option<i64>,
    /// Its words for the code, where it gave any.
    error_message: Option<String>,
    /// Why it was refused, or waits (`quiet_hours`), in a word.
    reason: Option<String>,
    sent_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// Whether a simulated provider wrote it.
    simulated: bool,
    /// Whether it is the fixed text for when no provider answers.
    fallback: bool,
    /// Whether a machine of the customer's wrote it.
    automatic: bool,
    /// Whether it is the second attempt at a text that did not arrive.
    again: bool,
    /// How the customer reacted: `[{sign, removed, at}]`.
    reactions: serde_json::Value,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ShownMedia {
    content_type: Option<String>,
    /// Of what a customer has sent, an address of ours.
    url: String,
    /// Of what a customer has sent: `pending`, `stored`, or why it is not kept: `unsupported`, `too_large`, `foreign_host`, `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

impl ShownMedia {
    fn of(thread: &str, media: Media) -> Self {
        let is_ours = !media.id.is_empty();
        Self {
            url: if is_ours {
                format!("/conversations/{thread}/media/{}", media.id)
            } else {
                media.url
            },
            content_type: media.content_type,
            status: is_ours.then_some(media.status),
            size_bytes: media.size_bytes,
        }
    }
}

impl From<(Conversation, bool)> for Head {
    fn from((row, opted_out): (Conversation, bool)) -> Self {
        let facts = row
            .facts
            .0
            .as_object()
            .is_some_and(|facts| !facts.is_empty());
        let lead_id = facts.then(|| leads::id_of(&row.id));
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            customer: row.customer,
            number: row.number,
            status: row.status,
            answering: row.answering,
            urgency: row.urgency,
            opted_out,
            unread: row.unread,
            attention: Some(row.attention).filter(|it| !it.is_empty()),
            reply_due_at: row.reply_due_at.map(|at| at.0),
            human_until: row.human_until.map(|at| at.0),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            opened_at: row.opened_at.map(|at| at.0),
            closed_at: row.closed_at.map(|at| at.0),
            facts: row.facts.0,
            lead_id,
        }
    }
}

impl From<Entry> for ShownEntry {
    fn from(row: Entry) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            at: row.at.0,
            call_id: row.call_id,
            call_sid: row.call_sid,
            detail: row.detail.0,
        }
    }
}

impl From<Booking> for ShownBooking {
    fn from(row: Booking) -> Self {
        Self {
            id: row.id,
            starts_at: row.starts_at.0,
            ends_at: row.ends_at.0,
            status: row.status,
            service: row.service,
        }
    }
}

impl From<Message> for ShownMessage {
    fn from(row: Message) -> Self {
        let media = row.media().into_iter();
        let media = media.map(|it| ShownMedia::of(&row.conversation_id, it));
        Self {
            media: media.collect(),
            id: row.id,
            direction: row.direction,
            sender: row.sender,
            body: row.body,
            status: row.status,
            error_code: row.error_code,
            error_message: Some(row.error_message).filter(|it| !it.is_empty()),
            reason: Some(row.reason).filter(|it| !it.is_empty()),
            sent_at: row.sent_at.map(|at| at.0),
            created_at: row.created_at.0,
            simulated: row.label == "simulated",
            fallback: row.label == "fallback",
            automatic: row.label == "automatic",
            again: row.label == "again",
            reactions: row.reactions.0,
        }
    }
}
