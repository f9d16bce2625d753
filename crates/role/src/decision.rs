//! What a consumer answers: a reply, and the events that follow.

use bytes::Bytes;
use chrono::Duration;
use clock::Time;
use events::{Envelope, Event};
use sha2::{Digest, Sha256};

use crate::reply::{ReplySlot, reply_id};

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
    /// Whether somebody still waits for a reply; who asked may have given up when this began.
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

    /// Where somebody waits for the reply, if he still does: to be kept, and answered by a later decision.
    pub fn reply_slot(&self) -> Option<ReplySlot> {
        ReplySlot::of(self).filter(|_| self.wants_reply)
    }
}

/// An id made of what it follows from.
pub fn derive_id(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..13])
}

/// The id of the call that Twilio knows by this CallSid. A call answers to both.
pub fn call_id(call_sid: &str) -> String {
    derive_id(&["call", call_sid])
}

/// What follows from an event.
#[derive(Debug, Default)]
pub struct Decision {
    pub(crate) reply: Option<Outgoing>,
    pub(crate) events: Vec<Outgoing>,
    pub(crate) answers: Vec<(ReplySlot, Outgoing)>,
}

#[derive(Debug)]
pub(crate) struct Outgoing {
    pub kind: String,
    pub data: Bytes,
    pub after: Duration,
    pub tenant: Option<String>,
    pub key: Option<String>,
    pub id: Option<String>,
    pub hand_on_reply: bool,
    pub as_of_cause: bool,
}

impl Outgoing {
    fn of<E: Event>(event: &E) -> Self {
        Self {
            kind: E::TYPE.to_owned(),
            data: Bytes::from(event.encode_to_vec()),
            after: Duration::zero(),
            tenant: None,
            key: None,
            id: None,
            hand_on_reply: false,
            as_of_cause: false,
        }
    }
}

impl Decision {
    /// Nothing follows.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The answer for whoever waits; nobody may.
    #[must_use]
    pub fn reply<E: Event>(mut self, event: &E) -> Self {
        self.reply = Some(Outgoing::of(event));
        self
    }

    /// The answer for somebody who asked earlier and whose slot was kept; there may be several. It is sent after the
    /// commit unless the slot's deadline has passed, and kept for a second delivery of the question.
    ///
    /// It is sent once, at best: if the process dies between the commit and the answer, or the bus is away just then,
    /// the requester waits until his deadline. A second delivery of the question that comes before the answer is not
    /// answered by itself.
    #[must_use]
    pub fn answer<E: Event>(mut self, slot: ReplySlot, event: &E) -> Self {
        self.answers.push((slot, Outgoing::of(event)));
        self
    }

    /// An event that leaves with the commit.
    #[must_use]
    pub fn then<E: Event>(mut self, event: &E) -> Self {
        self.events.push(Outgoing::of(event));
        self
    }

    /// An event that leaves when `after` has passed: a timer.
    #[must_use]
    pub fn then_after<E: Event>(mut self, after: Duration, event: &E) -> Self {
        self.events.push(Outgoing {
            after,
            ..Outgoing::of(event)
        });
        self
    }

    /// Gives the last event an identity of its own, in place of one that follows from its cause: several
    /// causes that lead to it lead to one event.
    #[must_use]
    pub fn identified(mut self, id: impl Into<String>) -> Self {
        if let Some(last) = self.events.last_mut() {
            last.id = Some(id.into());
        }
        self
    }

    /// Sets the key (CallSid or conversation) of the last event, where it is not the cause's.
    #[must_use]
    pub fn keyed(mut self, key: impl Into<String>) -> Self {
        if let Some(last) = self.events.last_mut() {
            last.key = Some(key.into()).filter(|k| !k.is_empty());
        }
        self
    }

    /// Sets the tenant of the last event, where it is not the cause's.
    #[must_use]
    pub fn of_tenant(mut self, tenant: impl Into<String>) -> Self {
        if let Some(last) = self.events.last_mut() {
            last.tenant = Some(tenant.into()).filter(|t| !t.is_empty());
        }
        self
    }

    /// Narrows the routing key of the last event: `voice.inbound` becomes `voice.inbound.forward`.
    #[must_use]
    pub fn narrowed(mut self, suffix: &str) -> Self {
        if let Some(last) = self.events.last_mut() {
            last.kind = format!("{}.{suffix}", last.kind);
        }
        self
    }

    /// Lets the last event tell of its cause's moment, whenever it is sealed: what a performer only hands on has not
    /// happened again.
    #[must_use]
    pub fn as_of_cause(mut self) -> Self {
        if let Some(last) = self.events.last_mut() {
            last.as_of_cause = true;
        }
        self
    }

    /// Lets the last event's consumer answer whoever waits for us.
    #[must_use]
    pub fn hand_on_reply(mut self) -> Self {
        if let Some(last) = self.events.last_mut() {
            last.hand_on_reply = true;
        }
        self
    }

    /// Everything of another decision, after what is here; its reply wins.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.events.extend(other.events);
        self.answers.extend(other.answers);
        self.reply = other.reply.or(self.reply);
        self
    }

    /// The types of the events that follow, for tests of deciders.
    pub fn kinds(&self) -> Vec<&str> {
        self.events.iter().map(|e| e.kind.as_str()).collect()
    }

    /// The late replies, for tests of deciders: each with the type of its event.
    pub fn answered(&self) -> Vec<(&ReplySlot, &str)> {
        self.answers
            .iter()
            .map(|(slot, out)| (slot, out.kind.as_str()))
            .collect()
    }

    /// The envelopes, with the time at which each may leave. `happened` is the time of what follows: the cause's for a
    /// decision, which must be the same in a repeat; the clock's for an effect, but for what is [`Decision::as_of_cause`].
    pub(crate) fn seal(self, cause: &Cause, happened: Time, now: Time) -> Sealed {
        let source = source_of(&cause.consumer);
        let envelope = |n: usize, out: Outgoing| {
            let id = out.id.unwrap_or_else(|| cause.derive_id(&n.to_string()));
            let handed_on = out.hand_on_reply;
            let moment = if out.as_of_cause {
                cause.time
            } else {
                happened
            };
            let envelope = Envelope {
                id,
                source: source.clone(),
                kind: out.kind,
                time: moment + out.after,
                tenant: out.tenant.or_else(|| cause.tenant.clone()),
                key: out.key.or_else(|| cause.key.clone()),
                cause: Some(cause.id.clone()),
                traceparent: crate::telemetry::traceparent()
                    .or_else(|| cause.envelope.traceparent.clone()),
                deadline: cause.envelope.deadline.filter(|_| handed_on),
                reply_to: cause.envelope.reply_to.clone().filter(|_| handed_on),
                data: out.data,
            };
            (envelope, now + out.after)
        };
        Sealed {
            reply: self.reply.map(|mut out| {
                out.id = Some(reply_id(&cause.id, &cause.consumer));
                envelope(usize::MAX, out).0
            }),
            answers: self
                .answers
                .into_iter()
                .map(|(slot, out)| {
                    let reply = slot.envelope(out, cause, happened);
                    (slot, reply)
                })
                .collect(),
            events: self
                .events
                .into_iter()
                .enumerate()
                .map(|(n, out)| envelope(n, out))
                .collect(),
        }
    }
}

pub(crate) struct Sealed {
    pub reply: Option<Envelope>,
    pub answers: Vec<(ReplySlot, Envelope)>,
    pub events: Vec<(Envelope, Time)>,
}

pub(crate) fn source_of(consumer: &str) -> String {
    format!(
        "trunkline/{}",
        consumer.split('.').next().unwrap_or(consumer)
    )
}

#[cfg(test)]
mod tests {
    use events::v1::{NumberBuy, NumberReleased};

    use super::*;

    #[test]
    fn what_is_handed_on_keeps_the_moment_of_its_cause() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let (came, done) = (at("2026-11-21T10:00:00Z"), at("2026-11-21T10:07:00Z"));
        let envelope = Envelope::at("trunkline/test", "e1".into(), came, &NumberBuy::default());
        let cause = Cause::new("sample.performer", envelope, 3, done);
        let event = NumberReleased::default();
        let decision = Decision::nothing().then(&event).as_of_cause().then(&event);
        let sealed = decision.seal(&cause, done, done);
        let times: Vec<Time> = sealed.events.iter().map(|(it, _)| it.time).collect();
        assert_eq!(times, [came, done]);
        let leave_at_once = sealed.events.iter().all(|(_, due)| *due == done);
        assert!(leave_at_once, "neither is a timer");
    }
}
