//! The two kinds of consumer that a service is made of, and the frame around each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bus::{Bus, Delivery, Disposition, Handler, Subscription};
use clock::{Clock, Time};
use events::{Envelope, Event};
use metrics::{counter, histogram};
use store::{Store, Tx, inbox, outbox};
use tracing::{Instrument, debug, error, warn};

use crate::cause::Cause;
use crate::decision::{Decision, Envelopes, Outcome};
use crate::relay::{Relay, lease};
use crate::reply::{answer, answer_late, decline};

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// It did not work this time, and the event itself may be why: delivered again later, a few times.
    #[error("{0}")]
    Retry(String),
    /// Something outside is away or busy: the event waits for its end, however long, and no attempt is counted.
    #[error("{reason}")]
    Unavailable {
        /// What is away, for people.
        reason: String,
        /// When to try again, where the other side says so; else soon, then every ten seconds.
        retry_after: Option<Duration>,
    },
    /// The event can never be handled; it goes to the dead letters with these words.
    #[error("{0}")]
    Reject(String),
    /// The database failed; delivered again later.
    #[error("database: {0}")]
    Store(#[from] store::Error),
    /// The bus failed; delivered again later.
    #[error("bus: {0}")]
    Bus(#[from] bus::Error),
}

impl HandlerError {
    /// Something outside is away, and does not say for how long.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
            retry_after: None,
        }
    }

    /// How a delivery ends that was not handled.
    fn disposition(self, attempt: u32) -> Disposition {
        let reason = self.to_string();
        let soon = Duration::from_secs(if attempt <= 3 { 1 } else { 10 });
        match self {
            Self::Reject(_) => Disposition::Dead(reason),
            Self::Unavailable { retry_after, .. } => Disposition::Wait {
                reason,
                after: retry_after.unwrap_or(soon),
            },
            Self::Store(error) if error.is_unavailable() => Disposition::Wait {
                reason,
                after: soon,
            },
            Self::Bus(bus::Error::Unavailable(_) | bus::Error::Journal(_)) => Disposition::Wait {
                reason,
                after: soon,
            },
            Self::Retry(_) | Self::Store(_) | Self::Bus(_) => Disposition::Retry(reason),
        }
    }
}

/// Takes one event and one transaction, and returns what follows. It does no I/O but its transaction and takes
/// the time from its cause, so that a repeat decides the same.
#[async_trait]
pub trait Decider: Send + Sync + 'static {
    /// The event that it decides on.
    type Event: Event;
    /// Its name within the role; the queue is `role.NAME`.
    const NAME: &'static str;
    /// Whether it takes events that are handed on without being stored: one whose reply is waited for.
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

/// Takes one command, performs one external effect, and says what came of it. It is safe to run twice.
#[async_trait]
pub trait Performer: Send + Sync + 'static {
    /// The command that it performs.
    type Command: Event;
    /// Its name within the role; the queue is `role.NAME`.
    const NAME: &'static str;

    /// The routing keys it listens to.
    fn bindings(&self) -> Vec<String> {
        vec![Self::Command::TYPE.to_owned()]
    }

    /// How many it performs at the same time.
    fn prefetch(&self) -> u16 {
        32
    }

    /// The waits before repeats; the bus's own unless a test is in a hurry.
    fn retry_delays(&self) -> Vec<Duration> {
        bus::RETRY_DELAYS.to_vec()
    }

    /// Performs.
    async fn perform(&self, cause: &Cause, command: Self::Command)
    -> Result<Outcome, HandlerError>;
}

/// The frame around a decider: inbox, transaction, outbox, reply.
pub(crate) struct Deciding<D> {
    pub decider: D,
    pub queue: String,
    pub store: Store,
    pub bus: Bus,
    pub relay: Relay,
    pub clock: Clock,
}

impl<D: Decider> Deciding<D> {
    pub fn subscription(&self) -> Subscription {
        let mut subscription = Subscription::new(&self.queue, self.decider.bindings());
        subscription.direct = D::DIRECT;
        subscription
    }

    async fn run(&self, delivery: &Delivery) -> Result<(), HandlerError> {
        let mut event = decode::<D::Event>(&delivery.envelope)?;
        let now = self.clock.now();
        let cause = Cause::new(
            &self.queue,
            delivery.envelope.clone(),
            delivery.attempt,
            now,
        );

        let assumes = D::ASSUMES_NEW && delivery.attempt == 1;
        let mut tx = match assumes {
            true => self.store.begin_assuming().await?,
            false => self.store.begin().await?,
        };
        if tx.assumes() {
            if let Some(envelopes) = self.assume(tx, &cause, event, now).await? {
                self.dispatch(&delivery.envelope, envelopes, now).await;
                return Ok(());
            }
            debug!(event.id = cause.id, "what was assumed to be new is not");
            event = decode::<D::Event>(&delivery.envelope)?;
            tx = self.store.begin().await?;
        }
        if !inbox::enter_first(&mut tx, &self.queue, &cause.id, now).await? {
            return self.repeat(tx, &delivery.envelope).await;
        }
        let decided = self.decider.decide(&mut tx, &cause, event).await;
        if !inbox::is_fresh(&mut tx).await? {
            return self.repeat(tx, &delivery.envelope).await;
        }
        let decision = match decided {
            Ok(decision) => decision,
            Err(fault) => {
                // A failed statement leaves the transaction unusable; dropping it closes the connection.
                if !matches!(fault, HandlerError::Store(_)) {
                    tx.rollback().await?;
                }
                return Err(fault);
            }
        };
        let envelopes = decision.into_envelopes(&cause, cause.time, now);
        let mut kept = Self::late(&envelopes);
        if let Some(reply) = &envelopes.reply {
            kept.insert(0, kept_reply(&self.queue, &cause.id, reply));
        }
        inbox::conclude(&mut tx, kept, leaving(&envelopes, now)).await?;
        tx.commit().await?;
        self.dispatch(&delivery.envelope, envelopes, now).await;
        Ok(())
    }

    /// Decides as if nothing of it had been there before. `None`: something may have been, and nothing has happened.
    async fn assume(
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
                if !matches!(fault, HandlerError::Store(_)) {
                    tx.rollback().await?;
                }
                return Ok(None);
            }
        };
        let envelopes = decision.into_envelopes(cause, cause.time, now);
        let reply = envelopes.reply.as_ref().map(Envelope::to_bytes);
        inbox::enter_last(&mut tx, &self.queue, &cause.id, now, reply);
        let rows = leaving(&envelopes, now);
        inbox::conclude(&mut tx, Self::late(&envelopes), rows).await?;
        Ok(tx.commit_assumed().await?.then_some(envelopes))
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

    /// The late replies, as they are kept for a second delivery of what they answer.
    fn late(envelopes: &Envelopes) -> Vec<inbox::Reply> {
        let late = envelopes.late_replies.iter();
        late.map(|(slot, reply)| kept_reply(&slot.consumer, &slot.event, reply))
            .collect()
    }

    /// An event that was handled before changes nothing, and gets the reply that it got.
    async fn repeat(&self, tx: Tx, envelope: &Envelope) -> Result<(), HandlerError> {
        tx.rollback().await?;
        debug!(event.id = envelope.id, "handled before");
        counter!("role_duplicates_total", "consumer" => self.queue.clone()).increment(1);
        let mut read = self.store.read().await?;
        let handled = inbox::handled(&mut read, &self.queue, &envelope.id).await?;
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
        let settle = observe(&self.queue, &delivery, self.run(&delivery)).await;
        let (bus, delays, now) = (&self.bus, &bus::RETRY_DELAYS, self.clock.now());
        decline(bus, &self.queue, &delivery, &settle, delays, now).await;
        settle
    }
}

/// The events that follow, as the outbox keeps them: those that leave now are ours for a while.
fn leaving(envelopes: &Envelopes, now: Time) -> Vec<outbox::Row> {
    let leaving = lease(now);
    let events = envelopes.events.iter();
    events
        .map(|(envelope, due)| outbox::Row {
            id: envelope.id.clone(),
            due_at: if *due > now { *due } else { leaving }.into(),
            envelope: envelope.to_bytes(),
        })
        .collect()
}

/// A reply as the inbox keeps it.
fn kept_reply(consumer: &str, event_id: &str, reply: &Envelope) -> inbox::Reply {
    inbox::Reply {
        consumer: consumer.to_owned(),
        event_id: event_id.to_owned(),
        envelope: reply.to_bytes(),
    }
}

/// The frame around a performer: outcome before acknowledgement.
pub(crate) struct Performing<P> {
    pub performer: P,
    pub queue: String,
    pub bus: Bus,
    pub clock: Clock,
}

impl<P: Performer> Performing<P> {
    pub fn subscription(&self) -> Subscription {
        let mut subscription = Subscription::new(&self.queue, self.performer.bindings());
        subscription.prefetch = self.performer.prefetch();
        subscription.retry_delays = self.performer.retry_delays();
        subscription
    }

    async fn run(&self, delivery: &Delivery) -> Result<(), HandlerError> {
        let command = decode::<P::Command>(&delivery.envelope)?;
        let (envelope, started) = (delivery.envelope.clone(), self.clock.now());
        let cause = Cause::new(&self.queue, envelope, delivery.attempt, started);
        let outcome = self.performer.perform(&cause, command).await?;
        let now = self.clock.now();
        let (reply, events) = outcome.into_envelopes(&cause, now);
        if let Some(reply) = &reply {
            answer(&self.bus, &delivery.envelope, reply).await;
        }
        for envelope in &events {
            // Whoever waits for what follows waits less when it is not stored: the command is, until this ends.
            let handled = envelope.reply_to.is_some() && self.bus.dispatch_direct(envelope).await;
            if !handled {
                self.bus.publish(envelope).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl<P: Performer> Handler for Performing<P> {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let settle = observe(&self.queue, &delivery, self.run(&delivery)).await;
        let (bus, delays) = (&self.bus, self.performer.retry_delays());
        let now = self.clock.now();
        decline(bus, &self.queue, &delivery, &settle, &delays, now).await;
        settle
    }
}

fn decode<E: Event>(envelope: &Envelope) -> Result<E, HandlerError> {
    envelope
        .decode()
        .map_err(|e| HandlerError::Reject(e.to_string()))
}

async fn observe(
    queue: &str,
    delivery: &Delivery,
    run: impl Future<Output = Result<(), HandlerError>> + Send,
) -> Disposition {
    let envelope = &delivery.envelope;
    let span = telemetry::consumer_span(queue, envelope);
    let started = Instant::now();
    let result = run.instrument(span.clone()).await;
    let outcome = if result.is_ok() { "done" } else { "fault" };
    histogram!("role_handle_seconds", "consumer" => queue.to_owned(), "outcome" => outcome)
        .record(started.elapsed().as_secs_f64());
    let _entered = span.enter();
    match result {
        Ok(()) => Disposition::Done,
        Err(HandlerError::Reject(why)) => {
            error!(
                event.id = envelope.id,
                event.kind = envelope.kind,
                why,
                "event refused"
            );
            Disposition::Dead(why)
        }
        Err(fault) => {
            let disposition = fault.disposition(delivery.attempt);
            match &disposition {
                // The first delivery says it; those that follow would say the same for as long as it lasts.
                Disposition::Wait { reason, .. } if delivery.attempt == 1 => {
                    warn!(
                        event.id = envelope.id,
                        event.kind = envelope.kind,
                        why = reason,
                        "event waits: something outside is away"
                    );
                }
                Disposition::Retry(why) => {
                    warn!(
                        event.id = envelope.id,
                        event.kind = envelope.kind,
                        attempt = delivery.attempt,
                        why,
                        "event will be delivered again"
                    );
                }
                _ => {}
            }
            disposition
        }
    }
}

/// A consumer, whichever kind it is, for the list that starts them.
pub(crate) type Consumer = (Subscription, Arc<dyn Handler>);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::TimeDelta;
    use events::v1::{NoReply, NumberBought, NumberBuy};

    use super::*;

    /// Fails as its command's `country` says, and counts.
    struct Failing(Arc<AtomicU32>);

    #[async_trait]
    impl Performer for Failing {
        type Command = NumberBuy;
        const NAME: &'static str = "failing";

        fn retry_delays(&self) -> Vec<Duration> {
            vec![Duration::from_millis(10), Duration::from_secs(60)]
        }

        async fn perform(
            &self,
            cause: &Cause,
            command: NumberBuy,
        ) -> Result<Outcome, HandlerError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            match (command.country.as_str(), cause.attempt) {
                ("away", ..=6) => Err(HandlerError::Unavailable {
                    reason: "the carrier is away".to_owned(),
                    retry_after: Some(Duration::from_millis(20)),
                }),
                ("away", _) => Ok(Outcome::nothing().reply(&NumberBought::default())),
                ("never", _) => Err(HandlerError::Reject("it cannot be".to_owned())),
                ("once", 2..) => Ok(Outcome::nothing().reply(&NumberBought::default())),
                _ => Err(HandlerError::Retry("not yet".to_owned())),
            }
        }
    }

    /// What is answered to a question that can wait so long, and after how many attempts.
    async fn asked(
        bus: &Bus,
        runs: &AtomicU32,
        country: &str,
        patience_s: Option<i64>,
    ) -> (String, u32) {
        runs.store(0, Ordering::Relaxed);
        let (clock, country) = (Clock::system(), country.to_owned());
        let command = NumberBuy {
            country,
            ..NumberBuy::default()
        };
        let mut envelope = Envelope::new("trunkline/test", &clock, &command);
        envelope.deadline = patience_s.map(|s| clock.now() + TimeDelta::seconds(s));
        let reply = bus
            .request(
                envelope,
                Duration::from_millis(if patience_s.is_some() { 30_000 } else { 300 }),
            )
            .await;
        (
            reply.map_or("none came".to_owned(), |reply| reply.kind),
            runs.load(Ordering::Relaxed),
        )
    }

    #[tokio::test]
    async fn who_would_wait_in_vain_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let config = bus::Config::Embedded {
            dir: dir.path().to_owned(),
        };
        let bus = Bus::connect(&config).await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let frame = Performing {
            performer: Failing(runs.clone()),
            queue: "test.failing".to_owned(),
            bus: bus.clone(),
            clock: Clock::system(),
        };
        let subscription = frame.subscription();
        bus.consume(subscription, Arc::new(frame)).await.unwrap();

        let none = NoReply::TYPE.to_owned();
        // The second attempt may still be in time, the third may not.
        assert_eq!(
            asked(&bus, &runs, "always", Some(30)).await,
            (none.clone(), 2)
        );
        assert_eq!(
            asked(&bus, &runs, "once", Some(30)).await,
            (NumberBought::TYPE.to_owned(), 2)
        );
        // An outage uses up no attempt: there are more of them here than repeats.
        assert_eq!(
            asked(&bus, &runs, "away", Some(30)).await,
            (NumberBought::TYPE.to_owned(), 7)
        );
        assert_eq!(asked(&bus, &runs, "never", Some(30)).await, (none, 1));
        // Whoever does not say how long they wait knows best.
        let (reply, _) = asked(&bus, &runs, "never", None).await;
        assert_eq!(reply, "none came");
    }
}
