//! Deciders, and the frame around each: inbox, transaction, outbox, reply.

use async_trait::async_trait;
use bus::{Bus, Delivery, Disposition, Handler, Subscription};
use clock::{Clock, Time};
use events::{Envelope, Event};
use metrics::counter;
use store::{Store, Tx, inbox, outbox};
use tracing::debug;

use crate::cause::Cause;
use crate::consumer::{decode, observe};
use crate::decision::{Decision, Envelopes};
use crate::handler_error::HandlerError;
use crate::relay::{Relay, lease};
use crate::reply::{answer, answer_late, decline};

/// Takes one event and one transaction, and returns what follows. It does no I/O but its transaction and takes
/// the time from its cause, so that a repeat decides the same.
#[async_trait]
pub trait Decider: Send + Sync + 'static {
    /// The event that it decides on.
    type Event: Event;
    /// Its name within the role. The inbox knows it as `role.NAME`, which is its queue's name too unless it shares one.
    const NAME: &'static str;
    /// Whether it takes events that are dispatched directly, without being stored: their replies are waited for.
    const DIRECT: bool = false;
    /// Whether its events mostly come once and begin something: where that saves a round trip to the database, the
    /// transaction of a first delivery assumes that the event and the rows that it inserts are new ([`Tx::assumes`]). If they
    /// are not, the decision is taken back and made once more, in a transaction that assumes nothing.
    const ASSUMES_NEW: bool = false;

    /// The routing keys it listens to.
    fn bindings(&self) -> Vec<String> {
        vec![Self::Event::TYPE.to_owned()]
    }

    /// Decides. What it writes and what it returns happen together or not at all.
    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: Self::Event,
    ) -> Result<Decision, HandlerError>;
}

/// The frame around a decider: inbox, transaction, outbox, reply.
pub(crate) struct Deciding<D> {
    pub decider: D,
    /// `role.NAME`.
    pub name: String,
    pub store: Store,
    pub bus: Bus,
    pub relay: Relay,
    pub clock: Clock,
}

impl<D: Decider> Deciding<D> {
    pub fn subscription(&self) -> Subscription {
        let mut subscription = Subscription::new(&self.name, self.decider.bindings());
        subscription.direct = D::DIRECT;
        subscription
    }

    /// Decides on an event, or gives the reply again that it got before. The first delivery may be decided as if the event
    /// were new; if it is not, it is decided once more.
    async fn run(&self, delivery: &Delivery) -> Result<(), HandlerError> {
        let Delivery { envelope, attempt } = delivery;
        let mut event = decode::<D::Event>(envelope)?;
        let now = self.clock.now();
        let cause = Cause::new(&self.name, envelope.clone(), *attempt, now);
        let mut tx = match D::ASSUMES_NEW && *attempt == 1 {
            true => self.store.begin_assuming().await?,
            false => self.store.begin().await?,
        };
        if tx.assumes() {
            if let Some(envelopes) = self.decide_assuming(tx, &cause, event, now).await? {
                self.dispatch(envelope, envelopes, now).await;
                return Ok(());
            }
            debug!(event.id = cause.id, "what was assumed to be new is not");
            event = decode::<D::Event>(envelope)?;
            tx = self.store.begin().await?;
        }
        match self.decide_knowing(tx, &cause, event, now).await? {
            Some(envelopes) => self.dispatch(envelope, envelopes, now).await,
            None => self.reply_again(envelope).await?,
        }
        Ok(())
    }

    /// Decides in a transaction that assumes that the event and its rows are new. `None`: something may not have been, and
    /// nothing has happened.
    async fn decide_assuming(
        &self,
        mut tx: Tx,
        cause: &Cause,
        event: D::Event,
        now: Time,
    ) -> Result<Option<Envelopes>, HandlerError> {
        let decision = match self.decider.decide(&mut tx, cause, event).await {
            Ok(decision) => decision,
            // Perhaps only because the event was handled before, or a row is another's.
            Err(fault) => {
                roll_back(tx, &fault).await?;
                return Ok(None);
            }
        };
        let envelopes = decision.into_envelopes(cause, cause.time, now);
        let reply = envelopes.reply.as_ref().map(Envelope::to_bytes);
        let rows = outbox_rows(&envelopes, now);
        inbox::conclude(&mut tx, late_replies(&envelopes), rows).await?;
        let entry = inbox::Entry {
            consumer: self.name.clone(),
            event_id: cause.id.clone(),
            handled_at: now.into(),
            reply,
        };
        let committed = self.store.commit_assumed(tx, entry).await?;
        Ok(committed.then_some(envelopes))
    }

    /// Decides once the inbox has said that the event is new. `None`: it was handled before, and nothing has happened.
    async fn decide_knowing(
        &self,
        mut tx: Tx,
        cause: &Cause,
        event: D::Event,
        now: Time,
    ) -> Result<Option<Envelopes>, HandlerError> {
        if !inbox::enter(&mut tx, &self.name, &cause.id, now).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        let decision = match self.decider.decide(&mut tx, cause, event).await {
            Ok(decision) => decision,
            Err(fault) => {
                roll_back(tx, &fault).await?;
                return Err(fault);
            }
        };
        let envelopes = decision.into_envelopes(cause, cause.time, now);
        let mut replies = late_replies(&envelopes);
        if let Some(reply) = &envelopes.reply {
            replies.insert(0, inbox_reply(&self.name, &cause.id, reply));
        }
        inbox::conclude(&mut tx, replies, outbox_rows(&envelopes, now)).await?;
        tx.commit().await?;
        Ok(Some(envelopes))
    }

    /// Gives the replies of a committed decision, and lets its events leave.
    async fn dispatch(&self, question: &Envelope, envelopes: Envelopes, now: Time) {
        let Envelopes {
            reply,
            late_replies,
            events,
            observations,
        } = envelopes;
        observations.run();
        if let Some(reply) = &reply {
            answer(&self.bus, question, reply).await;
        }
        answer_late(&self.bus, &late_replies, self.clock.now()).await;
        let (now_due, later): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|(_, due)| *due <= now);
        self.relay
            .leave(now_due.into_iter().map(|(envelope, _)| envelope).collect());
        if let Some(first) = later.iter().map(|(_, due)| *due).min() {
            self.relay.wake_at(first);
        }
    }

    /// Gives the reply again that an event got when it was handled before.
    async fn reply_again(&self, envelope: &Envelope) -> Result<(), HandlerError> {
        debug!(event.id = envelope.id, "handled before");
        counter!("role_duplicates_total", "consumer" => self.name.clone()).increment(1);
        let mut read = self.store.read().await?;
        let handled = inbox::handled(&mut read, &self.name, &envelope.id).await?;
        if let Some(stored) = handled.reply {
            let reply =
                Envelope::from_bytes(&stored).map_err(|e| HandlerError::Reject(e.to_string()))?;
            answer(&self.bus, envelope, &reply).await;
        }
        Ok(())
    }
}

#[async_trait]
impl<D: Decider> Handler for Deciding<D> {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let disposition = observe(&self.name, &delivery, self.run(&delivery)).await;
        let (bus, delays, now) = (&self.bus, &bus::RETRY_DELAYS, self.clock.now());
        decline(bus, &self.name, &delivery, &disposition, delays, now).await;
        disposition
    }
}

/// Rolls back a transaction whose decider failed.
async fn roll_back(tx: Tx, fault: &HandlerError) -> Result<(), HandlerError> {
    // A failed statement leaves the transaction unusable; dropping it closes the connection.
    if !matches!(fault, HandlerError::Store(_)) {
        tx.rollback().await?;
    }
    Ok(())
}

/// The events that follow, as the outbox keeps them: those that leave now are ours for a while.
fn outbox_rows(envelopes: &Envelopes, now: Time) -> Vec<outbox::Row> {
    let ours_until = lease(now);
    let events = envelopes.events.iter();
    events
        .map(|(envelope, due)| outbox::Row {
            id: envelope.id.clone(),
            due_at: if *due > now { *due } else { ours_until }.into(),
            envelope: envelope.to_bytes(),
        })
        .collect()
}

/// The late replies, as the inbox keeps them for a second delivery of what they answer.
fn late_replies(envelopes: &Envelopes) -> Vec<inbox::Reply> {
    let late = envelopes.late_replies.iter();
    late.map(|(slot, reply)| inbox_reply(&slot.consumer, &slot.event, reply))
        .collect()
}

/// A reply as the inbox keeps it.
fn inbox_reply(consumer: &str, event_id: &str, reply: &Envelope) -> inbox::Reply {
    inbox::Reply {
        consumer: consumer.to_owned(),
        event_id: event_id.to_owned(),
        envelope: reply.to_bytes(),
    }
}
