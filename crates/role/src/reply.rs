//! Replies that are given later than the event that asked for them.

use std::time::Duration;

use bus::{Bus, Delivery, Disposition};
use clock::Time;
use events::v1::NoReply;
use events::{Envelope, ReplyTo, derive_id};
use metrics::counter;
use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use crate::decision::{Cause, OutgoingEvent, source_of};

/// Where somebody waits for a reply. A decider that cannot answer yet keeps it with its rows, returns no reply, and a
/// later decision gives it to [`crate::Decision::reply_late`]: on another event, perhaps in another process of the role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplySlot {
    /// The bus's own name for the requester.
    pub address: String,
    /// Which of his requests is meant.
    pub correlation: String,
    /// Until when he waits; none: nobody knows.
    pub deadline: Option<Time>,
    /// The trace that his question belongs to (W3C Trace Context).
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

    /// Whether somebody may still wait at `now`.
    pub fn is_open(&self, now: Time) -> bool {
        self.deadline.is_none_or(|deadline| now < deadline)
    }

    /// The envelope of a late reply: its id, its cause and its trace are those of the question, as if it had been
    /// answered at once.
    pub(crate) fn envelope(&self, reply: OutgoingEvent, cause: &Cause, happened: Time) -> Envelope {
        let (kind, data) = reply.into_parts();
        Envelope {
            id: reply_id(&self.event, &self.consumer),
            source: source_of(&self.consumer),
            kind,
            time: happened,
            tenant: cause.tenant.clone(),
            key: cause.key.clone(),
            cause: Some(self.event.clone()),
            traceparent: self.traceparent.clone(),
            deadline: None,
            reply_to: None,
            data,
        }
    }
}

/// The id of the one reply that a consumer gives to an event.
pub(crate) fn reply_id(event: &str, consumer: &str) -> String {
    derive_id(&[event, consumer, "reply"])
}

/// Sends late replies to those who may still wait. One that does not arrive is not sent again: the requester has a
/// deadline, and what he does after it.
pub(crate) async fn answer_late(bus: &Bus, answers: &[(ReplySlot, Envelope)], now: Time) {
    for (slot, reply) in answers {
        let outcome = if slot.is_open(now) {
            let to = ReplyTo {
                address: slot.address.clone(),
                correlation: slot.correlation.clone(),
            };
            send(bus, &to, &slot.event, reply).await
        } else {
            debug!(event.id = slot.event, "nobody waits for the reply any more");
            "late"
        };
        counter!("role_late_replies_total", "consumer" => slot.consumer.clone(), "outcome" => outcome).increment(1);
    }
}

/// Sends the reply to the question of an event.
pub(crate) async fn answer(bus: &Bus, question: &Envelope, reply: &Envelope) {
    if let Some(to) = &question.reply_to {
        send(bus, to, &question.id, reply).await;
    }
}

/// Tells whoever waits that he will not be answered before his deadline: the next attempt comes later, or never. He need
/// not sit through the silence. Only commands are waited for, and a command has one consumer: nobody else would answer.
pub(crate) async fn decline(
    bus: &Bus,
    consumer: &str,
    delivery: &Delivery,
    settle: &Disposition,
    delays: &[Duration],
    now: Time,
) {
    let Delivery { envelope, attempt } = delivery;
    let (Some(to), Some(deadline)) = (&envelope.reply_to, envelope.deadline) else {
        return;
    };
    let next = match settle {
        Disposition::Done => return,
        Disposition::Retry(_) => delays
            .get(attempt.saturating_sub(1) as usize)
            .map(|delay| now + *delay),
        Disposition::Wait { after, .. } => Some(now + *after),
        Disposition::Dead(_) => None,
    };
    if deadline <= now || next.is_some_and(|next| next < deadline) {
        return;
    }
    let reply = Envelope {
        cause: Some(envelope.id.clone()),
        ..Envelope::at(
            &source_of(consumer),
            derive_id(&[&envelope.id, consumer, "none"]),
            now,
            &NoReply::default(),
        )
    };
    let outcome = send(bus, to, &envelope.id, &reply).await;
    counter!("role_declined_total", "consumer" => consumer.to_owned(), "outcome" => outcome)
        .increment(1);
}

/// Sends a reply, and gives what came of it in one word.
async fn send(bus: &Bus, to: &ReplyTo, event: &str, reply: &Envelope) -> &'static str {
    match bus.reply(to, reply).await {
        Ok(()) => "sent",
        Err(bus::Error::ReplyAbandoned) => "abandoned",
        Err(e) => {
            warn!(event.id = event, error = %e, "the reply could not be sent");
            "failed"
        }
    }
}
