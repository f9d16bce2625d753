//! The event that a consumer handles, and where its requester waits for a reply.

use clock::Time;
use events::{Envelope, ReplyTo, derive_id};
use serde::{Deserialize, Serialize};

/// The event that a consumer handles, without its data: when it happened, what it belongs to.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The event's id.
    pub id: String,
    /// When it happened. Deciders take the time from here, so that a repeat decides the same.
    pub time: Time,
    /// The tenant it belongs to.
    pub tenant: Option<String>,
    /// The CallSid or conversation it belongs to.
    pub key: Option<String>,
    /// Whether a reply is waited for: it was asked for, and its deadline had not passed when this began.
    pub wants_reply: bool,
    /// 1 on the first delivery.
    pub attempt: u32,
    pub(crate) envelope: Envelope,
    pub(crate) consumer: String,
}

impl Cause {
    /// What `consumer` knows of the event it got.
    pub(crate) fn new(consumer: &str, envelope: Envelope, attempt: u32, now: Time) -> Self {
        let in_time = envelope.deadline.is_none_or(|deadline| now < deadline);
        Self {
            id: envelope.id.clone(),
            time: envelope.time,
            tenant: envelope.tenant.clone(),
            key: envelope.key.clone(),
            wants_reply: envelope.reply_to.is_some() && in_time,
            attempt,
            consumer: consumer.to_owned(),
            envelope,
        }
    }

    /// An id that this event always leads to: the same for a repeat, different for each `purpose`.
    pub fn derive_id(&self, purpose: &str) -> String {
        derive_id(&[&self.id, &self.consumer, purpose])
    }

    /// Where the requester waits for the reply, if it still does: to be kept, and answered by a later decision.
    pub fn reply_slot(&self) -> Option<ReplySlot> {
        ReplySlot::of(self).filter(|_| self.wants_reply)
    }
}

/// Where a requester waits for a reply. A decider that cannot answer yet keeps it with its rows, returns no reply, and a
/// later decision gives it to [`crate::Decision::reply_late`]: on another event, perhaps in another process of the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplySlot {
    /// The bus's own name for the requester.
    pub address: String,
    /// Which of its requests is meant.
    pub correlation: String,
    /// Until when it waits; none: it did not say.
    pub deadline: Option<Time>,
    /// The trace that its request belongs to (W3C Trace Context).
    pub traceparent: Option<String>,
    /// The id of the event that asked.
    pub event: String,
    /// The consumer that kept the slot, `role.name`.
    pub consumer: String,
}

impl ReplySlot {
    /// The slot of an event, if it has one.
    pub(crate) fn of(cause: &Cause) -> Option<Self> {
        let ReplyTo {
            address,
            correlation,
        } = cause.envelope.reply_to.clone()?;
        Some(Self {
            address,
            correlation,
            deadline: cause.envelope.deadline,
            traceparent: cause.envelope.traceparent.clone(),
            event: cause.id.clone(),
            consumer: cause.consumer.clone(),
        })
    }

    /// Whether the requester may still wait at `now`.
    pub fn is_open(&self, now: Time) -> bool {
        self.deadline.is_none_or(|deadline| now < deadline)
    }
}
