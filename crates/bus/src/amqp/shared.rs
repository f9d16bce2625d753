//! What callers, consumers and the supervisor of one bus share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::Session;
use super::publish::unavailable;
use super::show::Show;
use super::topology::{self, Names};
use crate::pending::Pending;
use crate::{Error, Subscription};

/// How long a publish waits for a connection that is just being made again. Ingress keeps a spool, so it
/// had better hear soon.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);
/// How long anything else waits for the broker.
pub(super) const LONG_PATIENCE: Duration = Duration::from_secs(5);
/// How long the broker may take for a queue with all that belongs to it.
const LONGEST_PATIENCE: Duration = Duration::from_secs(60);
/// How many events of one call may be under way.
pub(super) const WINDOW: usize = 256;

/// The bus on RabbitMQ.
pub(crate) struct Amqp {
    pub(super) core: Arc<Core>,
}

/// What callers, consumers and the supervisor share.
pub(super) struct Core {
    pub(super) names: Names,
    pub(super) connection_name: String,
    pub(super) session: watch::Receiver<Option<Arc<Session>>>,
    /// Declared again on every new connection.
    known: Mutex<BTreeMap<String, Subscription>>,
    /// Consumers that have no channel now, by the queue's name.
    unserved: Mutex<BTreeSet<String>>,
    pub(super) pending: Arc<Pending>,
    pub(super) shows: Show,
    /// Held while a task of ours goes through the dead letters.
    pub(super) visiting: Arc<tokio::sync::Mutex<()>>,
    /// Consumers finish what is in hand.
    pub(super) closing: CancellationToken,
    /// The first try to reach the broker has failed.
    pub(super) tried: CancellationToken,
    /// The supervisor lets the connection go.
    pub(super) ended: CancellationToken,
    pub(super) consumers: TaskTracker,
    pub(super) services: TaskTracker,
}

impl Drop for Amqp {
    /// The tasks hold the core, not the bus: without it they stop.
    fn drop(&mut self) {
        self.core.closing.cancel();
        self.core.ended.cancel();
    }
}

impl Core {
    pub(super) fn new(
        names: Names,
        connection_name: String,
        session: watch::Receiver<Option<Arc<Session>>>,
        shows: Show,
    ) -> Self {
        Self {
            names,
            connection_name,
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
        }
    }

    /// The session, if there is one before patience ends.
    pub(super) async fn session(&self, patience: Duration) -> Result<Arc<Session>, Error> {
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

    pub(super) fn known(&self) -> Vec<Subscription> {
        self.subscriptions().values().cloned().collect()
    }

    /// A queue with every binding that it ever had here.
    pub(super) fn remembered(&self, queue: &str) -> Option<Subscription> {
        self.subscriptions().get(queue).cloned()
    }

    /// Keeps a subscription for the next connection, with every binding that it ever had here.
    pub(super) fn remember(&self, subscription: &Subscription) {
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

    pub(super) fn unserved(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unserved.lock()
    }

    pub(super) fn subscriptions(&self) -> MutexGuard<'_, BTreeMap<String, Subscription>> {
        self.known.lock()
    }

    pub(super) async fn declare(
        &self,
        subscription: &Subscription,
        patience: Duration,
    ) -> Result<(), Error> {
        let session = self.session(patience).await?;
        let channel = session.channel().await?;
        let declaring = topology::declare(&channel, &self.names, subscription);
        match session.within(LONGEST_PATIENCE, declaring).await?? {
            Ok(()) => {
                session.close(channel).await;
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
