//! RabbitMQ.

mod acks;
mod connection;
mod consume;
mod dead;
mod direct;
mod headers;
mod publish;
mod rpc;
mod serve;
mod shared;
mod show;
mod supervisor;
mod taps;
mod topology;

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use events::{Envelope, ReplyTo};
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::uri::AMQPUri;
use tokio::sync::watch;
use tokio::task::unconstrained;

use crate::transport::{May, Transport};
use crate::{Consumer, DeadLetter, Depth, Error, Handler, Subscription, Tap};
use publish::Message;
pub(crate) use shared::Amqp;
use shared::{Core, LONG_PATIENCE, PATIENCE, WINDOW};
use show::Show;
use topology::Names;

/// The most bytes of a frame, where the URL says nothing. lapin goes round a ring of 32 such frames for what it reads, and
/// round another for what it writes, however short the messages are: with the broker's 128 KiB these are 8 MiB that no
/// cache holds. Longer bodies are sent in several frames; headers must fit into one ([`headers::LONGEST`]).
const FRAME_MAX: u32 = 16 * 1024;

impl Amqp {
    pub(crate) async fn connect(url: &str, namespace: &str) -> Result<Self, Error> {
        // The words of the parser could repeat the URL, password and all.
        let mut uri: AMQPUri = url.parse().map_err(|_| {
            Error::Config("AMQP_URL must look like amqp://user:password@host:5672/%2f".to_owned())
        })?;
        // A peer that vanished is noticed within twice this, in seconds.
        uri.query.heartbeat.get_or_insert(10);
        uri.query.frame_max.get_or_insert(FRAME_MAX);
        // Another part of the process may have chosen a provider first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();

        let (sessions, session) = watch::channel(None);
        let (shows, showing) = Show::new();
        let name = format!("{namespace} {}", std::process::id());
        let core = Arc::new(Core::new(Names::new(namespace)?, name, session, shows));
        core.services
            .spawn(supervisor::run(core.clone(), uri, sessions));
        core.services.spawn(taps::run(core.clone(), showing));
        // The broker is usually there; then whoever asks next finds the bus ready. One that is known to be away is not
        // waited for.
        tokio::select! {
            _ = core.session(Duration::from_secs(2)) => {}
            () = core.tried.cancelled() => {}
        }
        Ok(Self { core })
    }
}

#[async_trait]
impl Transport for Amqp {
    fn name(&self) -> &'static str {
        "amqp"
    }

    async fn publish(&self, envelope: &Envelope) -> Result<(), Error> {
        let core = &self.core;
        let session = core.session(PATIENCE).await?;
        let message = Message {
            exchange: &core.names.events,
            key: headers::short(&envelope.kind)?,
            properties: headers::persistent(envelope)?,
            body: &envelope.data,
            mandatory: events::must_be_taken(&envelope.kind),
        };
        let published = session.publish(message).await;
        // What no queue takes is still news to the onlookers: caches live on it.
        if matches!(published, Ok(()) | Err(Error::Unroutable(_))) {
            core.shows.show(envelope);
        }
        published
    }

    async fn publish_all(&self, envelopes: &[Envelope]) -> Vec<Result<(), Error>> {
        // Each is sent when it is first polled, which happens in order. Not all at once, or the time that a
        // confirm may take would be spent in our own queue.
        let mut results = Vec::with_capacity(envelopes.len());
        let mut flying = FuturesOrdered::new();
        for envelope in envelopes {
            if flying.len() >= WINDOW {
                results.extend(flying.next().await);
            }
            flying.push_back(self.publish(envelope));
            // The first poll is now, so that the order is that of the calls; tokio may not put it off, as it does with
            // whoever has been polled for long.
            let first = unconstrained(flying.next());
            if let Poll::Ready(Some(result)) = futures::poll!(first) {
                results.push(result);
            }
        }
        while let Some(result) = flying.next().await {
            results.push(result);
        }
        results
    }

    async fn dispatch_direct(&self, envelope: &Envelope) -> bool {
        self.offer(envelope).await
    }

    async fn request(&self, envelope: Envelope, timeout: Duration) -> Result<Envelope, Error> {
        self.ask(envelope, timeout).await
    }

    async fn reply(&self, to: &ReplyTo, envelope: &Envelope) -> Result<(), Error> {
        self.answer(to, envelope).await
    }

    async fn tap(&self, patterns: &[&str]) -> Result<Tap, Error> {
        self.open_tap(patterns).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        self.core.dead_letters(limit).await
    }

    async fn dead_count(&self) -> Result<u64, Error> {
        self.core.dead_count().await
    }

    async fn replay(&self, id: &str, may: May) -> Result<(), Error> {
        self.core.replay(id, may).await
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), Error> {
        self.core.remember(subscription);
        self.core.declare(subscription, LONG_PATIENCE).await
    }

    async fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
    ) -> Result<Consumer, Error> {
        let core = self.core.clone();
        let queue = core.names.queue(&subscription.queue)?;
        core.remember(&subscription);
        match core.declare(&subscription, PATIENCE).await {
            // Without a broker the consumer starts all the same, and works when there is one.
            Ok(()) | Err(Error::Unavailable(_)) => {}
            Err(error) => return Err(error),
        }
        Ok(Consumer::spawn(
            &self.core.consumers,
            &self.core.closing,
            |signals| async move {
                let direct = async {
                    if subscription.direct {
                        let (core, handler) = (core.clone(), handler.clone());
                        direct::run(core, subscription.clone(), handler, signals.clone()).await;
                    }
                };
                let stored = consume::run(
                    core.clone(),
                    queue,
                    subscription.clone(),
                    handler.clone(),
                    signals.clone(),
                );
                tokio::join!(stored, direct);
            },
        ))
    }

    fn is_ready(&self) -> bool {
        self.core
            .session
            .borrow()
            .as_ref()
            .is_some_and(|session| session.is_ready())
    }

    async fn ready(&self) {
        while self.core.session(LONG_PATIENCE).await.is_err() && !self.core.ended.is_cancelled() {
            // A broker that blocks publishers fails at once.
            tokio::time::sleep(PATIENCE).await;
        }
    }

    async fn depths(&self) -> Result<Vec<Depth>, Error> {
        let mut depths = Vec::new();
        let dead = self.core.dead_counts().await?;
        let session = self.core.session(LONG_PATIENCE).await?;
        for subscription in self.core.known() {
            let name = self.core.names.queue(&subscription.queue)?;
            // It may have been deleted, which is no reason to hide the others.
            if let Ok(ready) = session.waiting(name).await? {
                let dead = dead.get(&subscription.queue).copied().unwrap_or(0);
                depths.push(Depth {
                    queue: subscription.queue,
                    ready: u64::from(ready),
                    dead,
                });
            }
        }
        Ok(depths)
    }

    fn declared(&self) -> Vec<Subscription> {
        self.core.known()
    }

    fn unserved(&self) -> Vec<String> {
        self.core.unserved().iter().cloned().collect()
    }

    async fn close(&self) {
        self.core.closing.cancel();
        self.core.consumers.close();
        self.core.consumers.wait().await;
        self.core.ended.cancel();
        self.core.services.close();
        self.core.services.wait().await;
    }

    async fn delete_namespace(&self) -> Result<(), Error> {
        let core = &self.core;
        let session = core.session(LONG_PATIENCE).await?;
        let channel = session.channel().await?;
        let mut queues = vec![core.names.dead.clone()];
        let Names {
            events, taps, now, ..
        } = &core.names;
        let mut exchanges = vec![events.clone(), taps.clone(), now.clone()];
        for subscription in core.known() {
            queues.push(core.names.queue(&subscription.queue)?);
            queues.push(core.names.now(&subscription.queue)?);
            for delay in &subscription.retry_delays {
                let retry = core.names.retry(*delay)?;
                queues.push(retry.clone());
                exchanges.push(retry);
            }
        }
        let gone = async {
            for queue in queues {
                channel
                    .queue_delete(queue, QueueDeleteOptions::default())
                    .await?;
            }
            for exchange in exchanges {
                channel
                    .exchange_delete(exchange, ExchangeDeleteOptions::default())
                    .await?;
            }
            channel.close(200, "done".into()).await
        };
        gone.await
            .map_err(|error: lapin::Error| session.fail(&error))?;
        core.subscriptions().clear();
        Ok(())
    }
}
