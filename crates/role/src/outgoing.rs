//! An event that is about to leave.

use bytes::Bytes;
use events::{Event, derive_id};

/// An event that is about to leave, with its attributes where they are not those of its cause.
///
/// A plain `&event` becomes one, with every attribute its cause's:
/// `decision.publish(&event).publish(OutgoingEvent::new(&other).key(call_sid))`.
#[derive(Debug)]
pub struct OutgoingEvent {
    pub(crate) kind: String,
    pub(crate) data: Bytes,
    pub(crate) tenant: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) forwards_reply: bool,
    pub(crate) is_of_cause: bool,
}

impl<E: Event> From<&E> for OutgoingEvent {
    fn from(event: &E) -> Self {
        Self::new(event)
    }
}

impl OutgoingEvent {
    /// Of its cause's tenant and key, with an id that follows from the cause.
    pub fn new<E: Event>(event: &E) -> Self {
        Self {
            kind: E::TYPE.to_owned(),
            data: Bytes::from(event.encode_to_vec()),
            tenant: None,
            key: None,
            id: None,
            forwards_reply: false,
            is_of_cause: false,
        }
    }

    /// An identity of its own, in place of one that follows from its cause: several causes that lead to it lead to one event.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The CallSid or conversation that it belongs to. An empty one is the cause's.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into()).filter(|key| !key.is_empty());
        self
    }

    /// The tenant that it belongs to. An empty one is the cause's.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into()).filter(|tenant| !tenant.is_empty());
        self
    }

    /// Narrows the routing key: `voice.inbound` becomes `voice.inbound.forward`.
    #[must_use]
    pub fn routed_to(mut self, suffix: &str) -> Self {
        self.kind = format!("{}.{suffix}", self.kind);
        self
    }

    /// Tells of its cause's moment, whenever it leaves: what a performer only republishes has not happened again.
    #[must_use]
    pub fn caused_at(mut self) -> Self {
        self.is_of_cause = true;
        self
    }

    /// Lets its consumer answer the request that waits for us.
    #[must_use]
    pub fn forward_reply(mut self) -> Self {
        self.forwards_reply = true;
        self
    }

    /// As a reply that is sent late, to a slot that was kept.
    pub(crate) fn into_parts(self) -> (String, Bytes) {
        (self.kind, self.data)
    }
}

/// The id of the one reply that a consumer gives to an event.
pub(crate) fn reply_id(event: &str, consumer: &str) -> String {
    derive_id(&[event, consumer, "reply"])
}

pub(crate) fn source_of(consumer: &str) -> String {
    format!(
        "trunkline/{}",
        consumer.split('.').next().unwrap_or(consumer)
    )
}
