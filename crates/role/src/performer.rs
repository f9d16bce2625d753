//! Performers, and the frame around each: outcome before acknowledgement.

use std::time::Duration;

use async_trait::async_trait;
use bus::{Bus, Delivery, Disposition, Handler, Subscription};
use clock::Clock;
use events::Event;

use crate::cause::Cause;
use crate::consumer::{decode, observe};
use crate::decision::Outcome;
use crate::handler_error::HandlerError;
use crate::reply::{answer, decline};

/// Takes one command, performs one external effect, and says what came of it. It is safe to run twice.
#[async_trait]
pub trait Performer: Send + Sync + 'static {
    /// The command that it performs.
    type Command: Event;
    /// Its name within the role. Its queue is `role.NAME`, unless it shares one.
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

/// The frame around a performer: outcome before acknowledgement.
pub(crate) struct Performing<P> {
    pub performer: P,
    /// `role.NAME`.
    pub name: String,
    pub bus: Bus,
    pub clock: Clock,
}

impl<P: Performer> Performing<P> {
    pub fn subscription(&self) -> Subscription {
        let mut subscription = Subscription::new(&self.name, self.performer.bindings());
        subscription.prefetch = self.performer.prefetch();
        subscription.retry_delays = self.performer.retry_delays();
        subscription
    }

    async fn run(&self, delivery: &Delivery) -> Result<(), HandlerError> {
        let command = decode::<P::Command>(&delivery.envelope)?;
        let (envelope, started) = (delivery.envelope.clone(), self.clock.now());
        let cause = Cause::new(&self.name, envelope, delivery.attempt, started);
        let outcome = self.performer.perform(&cause, command).await?;
        let now = self.clock.now();
        let (reply, events) = outcome.into_envelopes(&cause, now);
        if let Some(reply) = &reply {
            answer(&self.bus, &delivery.envelope, reply).await;
        }
        for envelope in &events {
            // A reply that is waited for comes sooner when the event is not stored: the command is, until this ends.
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
        let disposition = observe(&self.name, &delivery, self.run(&delivery)).await;
        let (bus, delays) = (&self.bus, self.performer.retry_delays());
        let now = self.clock.now();
        decline(bus, &self.name, &delivery, &disposition, &delays, now).await;
        disposition
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::TimeDelta;
    use events::Envelope;
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

    /// The type of the reply to a request that waits `patience_s`, and how many attempts there were.
    async fn request(
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
    async fn performer_declines_when_retry_exceeds_deadline() {
        let dir = tempfile::tempdir().unwrap();
        let config = bus::Config::Embedded {
            dir: dir.path().to_owned(),
        };
        let bus = Bus::connect(&config).await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let frame = Performing {
            performer: Failing(runs.clone()),
            name: "test.failing".to_owned(),
            bus: bus.clone(),
            clock: Clock::system(),
        };
        let subscription = frame.subscription();
        bus.consume(subscription, Arc::new(frame)).await.unwrap();

        let none = NoReply::TYPE.to_owned();
        // The second attempt may still be in time, the third may not.
        assert_eq!(
            request(&bus, &runs, "always", Some(30)).await,
            (none.clone(), 2)
        );
        assert_eq!(
            request(&bus, &runs, "once", Some(30)).await,
            (NumberBought::TYPE.to_owned(), 2)
        );
        // An outage uses up no attempt: there are more of them here than repeats.
        assert_eq!(
            request(&bus, &runs, "away", Some(30)).await,
            (NumberBought::TYPE.to_owned(), 7)
        );
        assert_eq!(request(&bus, &runs, "never", Some(30)).await, (none, 1));
        // A request without a deadline is not declined.
        let (reply, _) = request(&bus, &runs, "never", None).await;
        assert_eq!(reply, "none came");
    }
}
