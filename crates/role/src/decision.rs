//! What a consumer answers: a reply, and the events that follow.

use std::fmt;

use chrono::Duration;
use clock::Time;
use events::{Envelope, Event};

use crate::cause::{Cause, ReplySlot};
use crate::outgoing::{OutgoingEvent, reply_id, source_of};

/// What follows from an event: what a decider returns.
#[derive(Debug, Default)]
pub struct Decision {
    reply: Option<OutgoingEvent>,
    events: Vec<(OutgoingEvent, Duration)>,
    late_replies: Vec<(ReplySlot, OutgoingEvent)>,
    observations: Observations,
}

/// What is counted and logged of a decision when it has been committed.
#[derive(Default)]
pub(crate) struct Observations(Vec<Box<dyn FnOnce() + Send + Sync>>);

impl Observations {
    pub fn run(self) {
        self.0.into_iter().for_each(|observe| observe());
    }
}

impl fmt::Debug for Observations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observations").field(&self.0.len()).finish()
    }
}

impl Decision {
    /// Nothing follows.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The reply to the request that waits; there may be none.
    #[must_use]
    pub fn reply<E: Event>(mut self, event: &E) -> Self {
        self.reply = Some(OutgoingEvent::new(event));
        self
    }

    /// The reply to an earlier request whose slot was kept; there may be several. It is sent after the commit unless the
    /// slot's deadline has passed, and kept for a second delivery of the request.
    ///
    /// It is sent once, at best: if the process dies between the commit and the reply, or the bus is away just then, the
    /// requester waits until its deadline. A second delivery of the request that comes before the reply is not answered by
    /// itself.
    #[must_use]
    pub fn reply_late<E: Event>(mut self, slot: ReplySlot, event: &E) -> Self {
        self.late_replies.push((slot, OutgoingEvent::new(event)));
        self
    }

    /// An event that leaves with the commit.
    #[must_use]
    pub fn publish(mut self, event: impl Into<OutgoingEvent>) -> Self {
        self.events.push((event.into(), Duration::zero()));
        self
    }

    /// An event that leaves when `after` has passed: a timer.
    #[must_use]
    pub fn schedule(mut self, after: Duration, event: impl Into<OutgoingEvent>) -> Self {
        self.events.push((event.into(), after));
        self
    }

    /// Counts or logs something when the decision has been committed: one that is taken back is made again, and would be
    /// counted twice. It is no place for an effect, which would be lost if the process died in between.
    #[must_use]
    pub fn observe(mut self, observe: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.observations.0.push(Box::new(observe));
        self
    }

    /// Everything of another decision, after what is here; its reply wins.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.events.extend(other.events);
        self.late_replies.extend(other.late_replies);
        self.observations.0.extend(other.observations.0);
        self.reply = other.reply.or(self.reply);
        self
    }

    /// The types of the events that follow, for tests of deciders.
    pub fn kinds(&self) -> Vec<&str> {
        self.events
            .iter()
            .map(|(event, _)| event.kind.as_str())
            .collect()
    }

    /// The late replies, for tests of deciders: each with the type of its event.
    pub fn late_replies(&self) -> Vec<(&ReplySlot, &str)> {
        self.late_replies
            .iter()
            .map(|(slot, reply)| (slot, reply.kind.as_str()))
            .collect()
    }

    /// The envelopes, with the time at which each may leave. `happened` is the time of what follows: the cause's for a
    /// decision, which must be the same in a repeat; the clock's for an effect, but for what is
    /// [`OutgoingEvent::caused_at`].
    pub(crate) fn into_envelopes(self, cause: &Cause, happened: Time, now: Time) -> Envelopes {
        let source = source_of(&cause.consumer);
        let envelope = |purpose: &str, event: OutgoingEvent, after: Duration| {
            let forwards = event.forwards_reply;
            let moment = if event.is_of_cause {
                cause.time
            } else {
                happened
            };
            Envelope {
                id: event.id.unwrap_or_else(|| cause.derive_id(purpose)),
                source: source.clone(),
                kind: event.kind,
                time: moment + after,
                tenant: event.tenant.or_else(|| cause.tenant.clone()),
                key: event.key.or_else(|| cause.key.clone()),
                cause: Some(cause.id.clone()),
                traceparent: telemetry::traceparent()
                    .or_else(|| cause.envelope.traceparent.clone()),
                deadline: cause.envelope.deadline.filter(|_| forwards),
                reply_to: cause.envelope.reply_to.clone().filter(|_| forwards),
                data: event.data,
            }
        };
        Envelopes {
            reply: self.reply.map(|reply| {
                let reply = reply.id(reply_id(&cause.id, &cause.consumer));
                envelope("", reply, Duration::zero())
            }),
            late_replies: self
                .late_replies
                .into_iter()
                .map(|(slot, reply)| {
                    let reply = slot.envelope(reply, cause, happened);
                    (slot, reply)
                })
                .collect(),
            events: self
                .events
                .into_iter()
                .enumerate()
                .map(|(n, (event, after))| (envelope(&n.to_string(), event, after), now + after))
                .collect(),
            observations: self.observations,
        }
    }
}

/// What came of an effect: what a performer returns.
///
/// Its events are published before the command counts as done, all at once: without a transaction there is no outbox where
/// one could wait for its time. Timers and late replies are a decider's.
#[derive(Debug, Default)]
pub struct Outcome(pub(crate) Decision);

impl Outcome {
    /// Nothing follows.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The reply to the request that waits; there may be none.
    #[must_use]
    pub fn reply<E: Event>(self, event: &E) -> Self {
        Self(self.0.reply(event))
    }

    /// An event that tells what came of the effect, or a webhook that is republished.
    #[must_use]
    pub fn publish(self, event: impl Into<OutgoingEvent>) -> Self {
        Self(self.0.publish(event))
    }

    /// The types of the events that it tells, for tests of performers.
    pub fn kinds(&self) -> Vec<&str> {
        self.0.kinds()
    }

    /// The reply, and the events, all of which leave `now`.
    pub(crate) fn into_envelopes(
        self,
        cause: &Cause,
        now: Time,
    ) -> (Option<Envelope>, Vec<Envelope>) {
        let Envelopes { reply, events, .. } = self.0.into_envelopes(cause, now, now);
        (reply, events.into_iter().map(|(event, _)| event).collect())
    }
}

/// A decision as it leaves.
pub(crate) struct Envelopes {
    pub reply: Option<Envelope>,
    pub late_replies: Vec<(ReplySlot, Envelope)>,
    pub events: Vec<(Envelope, Time)>,
    pub observations: Observations,
}

#[cfg(test)]
mod tests {
    use events::v1::{NumberBuy, NumberReleased};

    use super::*;

    #[test]
    fn republished_event_keeps_the_moment_of_its_cause() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let (came, done) = (at("2026-11-21T10:00:00Z"), at("2026-11-21T10:07:00Z"));
        let envelope = Envelope::at("trunkline/test", "e1".into(), came, &NumberBuy::default());
        let cause = Cause::new("sample.performer", envelope, 3, done);
        let event = NumberReleased::default();
        let decision = Decision::nothing()
            .publish(OutgoingEvent::new(&event).caused_at())
            .publish(&event);
        let envelopes = decision.into_envelopes(&cause, done, done);
        let times: Vec<Time> = envelopes.events.iter().map(|(it, _)| it.time).collect();
        assert_eq!(times, [came, done]);
        let leave_at_once = envelopes.events.iter().all(|(_, due)| *due == done);
        assert!(leave_at_once, "neither is a timer");
    }
}
