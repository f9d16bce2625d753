//! Sending replies: at once, late, or that none comes.

use std::time::Duration;

use bus::{Bus, Delivery, Disposition};
use clock::Time;
use events::v1::NoReply;
use events::{Envelope, ReplyTo, derive_id};
use metrics::counter;
use tracing::{debug, warn};

use crate::cause::{Cause, ReplySlot};
use crate::outgoing::{OutgoingEvent, reply_id, source_of};

impl ReplySlot {
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

/// Sends late replies to requesters that may still wait. One that does not arrive is not sent again: the requester has a
/// deadline, and does what it does after it.
pub(crate) async fn answer_late(bus: &Bus, answers: &[(ReplySlot, Envelope)], now: Time) {
    for (slot, reply) in answers {
        let outcome = if slot.is_open(now) {
            let to = ReplyTo {
                address: slot.address.clone(),
                correlation: slot.correlation.clone(),
            };
            send(bus, &to, &slot.event, reply).await
        } else {
            debug!(
                event.id = slot.event,
                "reply dropped: its deadline has passed"
            );
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

/// Tells the requester that no reply comes before its deadline, since the next attempt comes later, or never: it need not
/// wait that long. Only commands are waited for, and a command has one consumer: no other would reply.
pub(crate) async fn decline(
    bus: &Bus,
    consumer: &str,
    delivery: &Delivery,
    disposition: &Disposition,
    delays: &[Duration],
    now: Time,
) {
    let Delivery { envelope, attempt } = delivery;
    let (Some(to), Some(deadline)) = (&envelope.reply_to, envelope.deadline) else {
        return;
    };
    let next = match disposition {
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
