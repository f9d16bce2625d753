//! Consumers: one channel each, prefetch by the broker, settling by confirm and then ack.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use events::Envelope;
use futures::StreamExt;
use lapin::BasicProperties;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicNackOptions};
use lapin::types::{AMQPValue, ShortString};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

use super::acks::{Acks, Outcome};
use super::connection::Session;
use super::headers;
use super::publish::Message;
use super::serve::{self, Opened, Serve};
use super::shared::{Core, LONG_PATIENCE};
use crate::consumer::Signals;
use crate::dead::KEPT_DAYS;
use crate::handle::{self, Verdict};
use crate::{Delivery, Error, Handler, Subscription};

const TAG: &str = "consumer";
/// Before a delivery that could not be settled goes back.
const PAUSE: Duration = Duration::from_millis(500);

/// Handles a queue's deliveries, on one connection after the other.
pub(super) async fn run(
    core: Arc<Core>,
    queue: ShortString,
    subscription: Subscription,
    handler: Arc<dyn Handler>,
    signals: Signals,
) {
    let worker = Worker {
        core,
        queue,
        subscription: Arc::new(subscription),
        handler,
    };
    serve::run(worker, signals).await;
}

#[derive(Clone)]
struct Worker {
    core: Arc<Core>,
    /// The broker's name of it.
    queue: ShortString,
    subscription: Arc<Subscription>,
    handler: Arc<dyn Handler>,
}

impl Serve for Worker {
    const WAITS: &'static str = "consumer waits for rabbitmq";
    const SUFFIX: &'static str = "";

    fn core(&self) -> &Core {
        &self.core
    }

    fn queue(&self) -> &str {
        &self.subscription.queue
    }

    async fn open(&self) -> Result<Opened, Error> {
        let (queue, options) = (self.queue.clone(), BasicConsumeOptions::default());
        self.core
            .open(&self.subscription, queue, TAG, options)
            .await
    }

    async fn serve(&self, opened: Opened, in_hand: &mut JoinSet<()>, signals: &Signals) {
        let Opened {
            session,
            channel,
            mut consumer,
        } = opened;
        let prefetch = self.subscription.prefetch.max(1);
        let mut acks = Acks::new(channel.clone(), prefetch);
        // Of this channel's own: what is still in hand of the one before comes again.
        let (done, mut outcomes) = mpsc::unbounded_channel();
        let (mut stopping, mut open) = (false, true);
        // Of this channel: what hangs on one that the broker has closed (406) takes no place on the next.
        let mut held = 0_usize;
        loop {
            if !open && (!stopping || in_hand.is_empty()) {
                while let Ok(outcome) = outcomes.try_recv() {
                    acks.note(outcome);
                }
                acks.flush().await;
                if !stopping {
                    return;
                }
                break;
            }
            tokio::select! {
                biased;
                () = signals.abort.cancelled() => {
                    in_hand.shutdown().await;
                    break;
                }
                Some(outcome) = outcomes.recv() => {
                    held = held.saturating_sub(1);
                    acks.note(outcome);
                }
                () = acks.ripe() => acks.flush().await,
                Some(_) = in_hand.join_next() => {}
                () = signals.stop.cancelled(), if !stopping => {
                    stopping = true;
                    // What the broker has already sent comes first, then the end of the stream.
                    let cancelling = channel.basic_cancel(TAG.into(), BasicCancelOptions::default());
                    let cancelled = timeout(LONG_PATIENCE, cancelling).await;
                    open &= matches!(cancelled, Ok(Ok(())));
                }
                delivery = consumer.next(), if open && held < usize::from(prefetch) => match delivery {
                    Some(Ok(delivery)) => {
                        acks.taken(delivery.delivery_tag);
                        held += 1;
                        let (worker, session, done) = (self.clone(), session.clone(), done.clone());
                        in_hand.spawn(async move {
                            // Nobody takes it when the channel has gone.
                            let _ = done.send(worker.work(&session, delivery).await);
                        });
                    }
                    Some(Err(_)) | None => open = false,
                },
            }
        }
        drop(consumer);
        // Whatever is unsettled goes back to the queue with the channel.
        let _ = timeout(LONG_PATIENCE, channel.close(200, "done".into())).await;
    }
}

impl Worker {
    async fn work(&self, session: &Session, delivery: lapin::message::Delivery) -> Outcome {
        let lapin::message::Delivery {
            delivery_tag: tag,
            routing_key,
            properties,
            data,
            acker,
            ..
        } = delivery;
        let envelope = headers::envelope(&properties, routing_key.as_str(), data);
        let (attempt, retries) = headers::attempt(&properties);
        let queue = &self.subscription.queue;
        let given = Delivery {
            envelope: envelope.clone(),
            attempt,
        };
        let delays = &self.subscription.retry_delays;
        let verdict = handle::run(self.handler.as_ref(), queue, given, retries, delays).await;
        let settled = match verdict {
            Verdict::Done => Ok(()),
            Verdict::Retry { delay, counted } => {
                let retries = retries + u32::from(counted);
                self.send_round(session, &envelope, delay, attempt + 1, retries)
                    .await
            }
            Verdict::Dead(reason) => self.bury(session, &envelope, &reason, attempt).await,
        };
        match settled {
            Ok(()) => Outcome::Settled(tag),
            Err(error) => {
                warn!(queue, event.id = envelope.id, %error, "delivery could not be settled and goes back");
                tokio::time::sleep(PAUSE).await;
                let requeue = BasicNackOptions {
                    requeue: true,
                    ..BasicNackOptions::default()
                };
                let _ = acker.nack(requeue).await;
                Outcome::GivenBack(tag)
            }
        }
    }

    /// Publishes the repeat where it waits its time out.
    async fn send_round(
        &self,
        session: &Session,
        envelope: &Envelope,
        delay: Duration,
        attempt: u32,
        retries: u32,
    ) -> Result<(), Error> {
        let count = [
            (headers::ATTEMPT, AMQPValue::LongUInt(attempt)),
            (headers::RETRIES, AMQPValue::LongUInt(retries)),
        ];
        let exchange = self.core.names.retry(delay)?;
        let properties = headers::with(headers::persistent(envelope)?, &count);
        let message = Message {
            exchange: &exchange,
            // By which it comes home.
            key: self.queue.clone(),
            properties,
            body: &envelope.data,
            mandatory: true,
        };
        session.publish(message).await
    }

    async fn bury(
        &self,
        session: &Session,
        envelope: &Envelope,
        reason: &str,
        attempts: u32,
    ) -> Result<(), Error> {
        let epitaph = [
            (headers::QUEUE, headers::value(&self.subscription.queue)),
            (headers::REASON, headers::reason(reason)),
            (
                headers::DIED_AT,
                headers::value(&headers::rfc3339(Clock::system().now())),
            ),
            (headers::ATTEMPTS, AMQPValue::LongUInt(attempts)),
        ];
        let days = u64::from(KEPT_DAYS);
        let kept_ms = (days * 24 * 60 * 60 * 1_000).to_string();
        let properties =
            headers::with(headers::persistent(envelope)?, &epitaph).with_expiration(kept_ms.into());
        send(session, self.core.names.dead.clone(), properties, envelope).await
    }
}

/// Publishes straight to a queue.
pub(super) async fn send(
    session: &Session,
    queue: ShortString,
    properties: BasicProperties,
    envelope: &Envelope,
) -> Result<(), Error> {
    let exchange = ShortString::default();
    session
        .publish(Message {
            exchange: &exchange,
            key: queue,
            properties,
            body: &envelope.data,
            mandatory: true,
        })
        .await
}
