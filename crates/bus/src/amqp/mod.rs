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
mod taps;
mod topology;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use events::Envelope;
use futures::StreamExt;
use futures::stream::FuturesOrdered;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::uri::AMQPUri;
use tokio::sync::watch;
use tokio::task::unconstrained;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::pending::Pending;
use crate::{Consumer, Depth, Error, Handler, Subscription};
use connection::{Session, answered};
use publish::{Message, unavailable};
use topology::Names;

/// How long a publish waits for a connection that is just being made again. Ingress keeps a spool, so it
/// had better hear soon.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long anything else waits for the broker.
const LONG_PATIENCE: Duration = Duration::from_secs(5);
/// How long the broker may take for a queue with all that belongs to it.
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);
/// How many events of one call may be under way.
const WINDOW: usize = 256;

/// The bus on RabbitMQ.
pub(crate) struct Amqp {
    core: Arc<Core>,
}

/// What callers, consumers and the supervisor share.
struct Core {
    names: Names,
    connection_name: String,
    session: watch::Receiver<Option<Arc<Session>>>,
    /// Declared again on every new connection.
    known: Mutex<BTreeMap<String, Subscription>>,
    /// Consumers that have no channel now, by the queue's name.
    unserved: Mutex<BTreeSet<String>>,
    pending: Arc<Pending>,
    shows: taps::Show,
    /// Held while a task of ours goes through the dead letters.
    visiting: Arc<tokio::sync::Mutex<()>>,
    /// Consumers finish what is in hand.
    closing: CancellationToken,
    /// The first try to reach the broker has failed.
    tried: CancellationToken,
    /// The supervisor lets the connection go.
    ended: CancellationToken,
    consumers: TaskTracker,
    services: TaskTracker,
}

impl Amqp {
    pub(crate) async fn connect(url: &str, namespace: &str) -> Result<Arc<Self>, Error> {
        // The words of the parser could repeat the URL, password and all.
        let mut uri: AMQPUri = url.parse().map_err(|_| {
            Error::Config("AMQP_URL must look like amqp://user:password@host:5672/%2f".to_owned())
        })?;
        // A peer that vanished is noticed within twice this, in seconds.
        uri.query.heartbeat.get_or_insert(10);
        // Somebody else may have chosen another provider first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();

        let (sessions, session) = watch::channel(None);
        let (shows, showing) = taps::Show::new();
        let core = Arc::new(Core {
            names: Names::new(namespace)?,
            connection_name: format!("{namespace} {}", std::process::id()),
            session,
            known: Mutex::default(),
            unserved: Mutex::default(),
            pending: Pending::new(),
            shows,
            visiting: Arc::default(),
            closing: CancellationToken::new(),
            tried: CancellationToken::new(),
            ended: CancellationToken::new(),
            consumers: TaskTracker::new(),
            services: TaskTracker::new(),
        });
        core.services
            .spawn(connection::supervise(core.clone(), uri, sessions));
        core.services.spawn(taps::run(core.clone(), showing));
        // The broker is usually there; then whoever asks next finds the bus ready. One that is known to be away is not
        // waited for.
        tokio::select! {
            _ = core.session(Duration::from_secs(2)) => {}
            () = core.tried.cancelled() => {}
        }
        Ok(Arc::new(Self { core }))
    }

    pub(crate) async fn publish(&self, envelope: &Envelope) -> Result<(), Error> {
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

    pub(crate) async fn publish_all(&self, envelopes: &[Envelope]) -> Vec<Result<(), Error>> {
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

    pub(crate) async fn declare(&self, subscription: &Subscription) -> Result<(), Error> {
        self.core.remember(subscription);
        self.core.declare(subscription, LONG_PATIENCE).await
    }

    pub(crate) async fn consume(
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

    pub(crate) fn is_ready(&self) -> bool {
        self.core
            .session
            .borrow()
            .as_ref()
            .is_some_and(|session| session.is_ready())
    }

    pub(crate) async fn ready(&self) {
        while self.core.session(LONG_PATIENCE).await.is_err() && !self.core.ended.is_cancelled() {
            // A broker that blocks publishers fails at once.
            tokio::time::sleep(PATIENCE).await;
        }
    }

    pub(crate) async fn depths(&self) -> Result<Vec<Depth>, Error> {
        let mut depths = Vec::new();
        let dead = self.core.dead_counts().await?;
        let session = self.core.session(LONG_PATIENCE).await?;
        for subscription in self.core.known() {
            let name = self.core.names.queue(&subscription.queue)?;
            // Somebody may have deleted it, which is no reason to hide the others.
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

    pub(crate) fn declared(&self) -> Vec<Subscription> {
        self.core.known()
    }

    pub(crate) fn unserved(&self) -> Vec<String> {
        self.core.unserved().iter().cloned().collect()
    }

    pub(crate) async fn close(&self) {
        self.core.closing.cancel();
        self.core.consumers.close();
        self.core.consumers.wait().await;
        self.core.ended.cancel();
        self.core.services.close();
        self.core.services.wait().await;
    }

    pub(crate) async fn delete_namespace(&self) -> Result<(), Error> {
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

impl Drop for Amqp {
    /// The tasks hold the core, not the bus: without it they stop.
    fn drop(&mut self) {
        self.core.closing.cancel();
        self.core.ended.cancel();
    }
}

impl Core {
    /// The session, if there is one before patience ends.
    async fn session(&self, patience: Duration) -> Result<Arc<Session>, Error> {
        let usable = |session: &Option<Arc<Session>>| {
            session
                .as_ref()
                .is_some_and(|session| !session.broken.is_cancelled())
        };
        let now = self
            .session
            .borrow()
            .clone()
            .filter(|session| !session.broken.is_cancelled());
        let session = match now {
            Some(session) => session,
            None => {
                let mut sessions = self.session.clone();
                let waited = tokio::time::timeout(patience, sessions.wait_for(usable)).await;
                let session = waited
                    .ok()
                    .and_then(Result::ok)
                    .and_then(|session| session.clone());
                session.ok_or_else(|| unavailable("there is no connection to rabbitmq"))?
            }
        };
        if session.connection.status().blocked() {
            return Err(unavailable(
                "rabbitmq is short of disk or memory and refuses events",
            ));
        }
        Ok(session)
    }

    fn known(&self) -> Vec<Subscription> {
        self.subscriptions().values().cloned().collect()
    }

    /// A queue with every binding that it ever had here.
    fn remembered(&self, queue: &str) -> Option<Subscription> {
        self.subscriptions().get(queue).cloned()
    }

    /// Keeps a subscription for the next connection, with every binding that it ever had here.
    fn remember(&self, subscription: &Subscription) {
        let mut known = self.subscriptions();
        let entry = known
            .entry(subscription.queue.clone())
            .or_insert_with(|| subscription.clone());
        for binding in &subscription.bindings {
            if !entry.bindings.contains(binding) {
                entry.bindings.push(binding.clone());
            }
        }
        entry.direct |= subscription.direct;
        for delay in &subscription.retry_delays {
            if !entry.retry_delays.contains(delay) {
                entry.retry_delays.push(*delay);
            }
        }
    }

    fn unserved(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unserved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subscriptions(&self) -> MutexGuard<'_, BTreeMap<String, Subscription>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn declare(&self, subscription: &Subscription, patience: Duration) -> Result<(), Error> {
        let session = self.session(patience).await?;
        let channel = session.channel().await?;
        let declaring = topology::declare(&channel, &self.names, subscription);
        let declared = tokio::time::timeout(LONGEST_PATIENCE, declaring).await;
        match declared.map_err(|_| unavailable("rabbitmq does not declare a queue"))?? {
            Ok(()) => {
                let _ = answered(channel.close(200, "done".into())).await;
                Ok(())
            }
            Err(error) if matches!(error.kind(), lapin::ErrorKind::ProtocolError(_)) => {
                Err(Error::Config(format!(
                    "queue {} cannot be declared: {error}; was it declared by another version? Delete it when it is empty",
                    subscription.queue
                )))
            }
            Err(error) => Err(session.fail(&error)),
        }
    }
}
