//! A channel in confirm mode, and why publishing on one takes care.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel};
use lapin::{Confirmation, PublisherConfirm};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::Error;

/// A confirm that takes longer than this is taken for lost.
const CONFIRM: Duration = Duration::from_secs(5);

/// How long nobody is woken by the confirm of a question, whose reply says as much and makes it superfluous.
pub(super) const UNHEARD: Duration = Duration::from_millis(20);

/// Between two looks for confirms that nobody waits for.
const FORGET: Duration = Duration::from_secs(10);

/// Publishes on one channel, with confirms.
pub(super) struct Publisher {
    channel: Channel,
    broken: CancellationToken,
    /// lapin numbers a message first and queues its frames after. Two threads in between would swap their
    /// numbers, and one would take the other's confirm for its own.
    order: Mutex<()>,
    /// Keys that have been routed on this channel, and when the last confirm of each came.
    routable: Mutex<HashMap<String, Instant>>,
    /// lapin gives a returned message to whichever confirm comes next, which is the right one only if no
    /// other is under way. So the first message of each key goes alone: it holds this for writing.
    alone: tokio::sync::RwLock<()>,
}

/// One message to a place.
pub(super) struct Message<'a> {
    pub(super) exchange: &'a ShortString,
    pub(super) key: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) body: &'a [u8],
    /// Whether it is an error that no queue takes it.
    pub(super) mandatory: bool,
}

impl Message<'_> {
    /// What it is known by when it has been taken once.
    pub(super) fn route(&self) -> String {
        route(self.exchange, &self.key)
    }
}

impl Publisher {
    /// Whether a message need not go alone: its key has been routed, or it never comes back.
    pub(super) fn knows(&self, message: &Message<'_>) -> bool {
        !message.mandatory || self.routable().contains_key(&message.route())
    }

    /// Notes a key that has been routed, as another channel or the reply to a question says.
    pub(super) fn learn(&self, route: String) {
        self.routable().insert(route, Instant::now());
    }

    pub(super) async fn new(channel: Channel, broken: CancellationToken) -> lapin::Result<Self> {
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        Ok(Self {
            channel,
            broken,
            order: Mutex::default(),
            routable: Mutex::default(),
            alone: tokio::sync::RwLock::new(()),
        })
    }

    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// `Ok` when every queue that takes the message has it on disk.
    pub(super) async fn publish(&self, message: Message<'_>) -> Result<(), Error> {
        self.publish_unheard(message, Duration::ZERO).await
    }

    /// The same for whoever waits for something else at the same time, which mostly comes first and says as much: for so
    /// long the task is woken neither when lapin has written the message nor by its confirm. The first message of a key
    /// is heard of at once, since others wait for it.
    pub(super) async fn publish_unheard(
        &self,
        message: Message<'_>,
        unheard: Duration,
    ) -> Result<(), Error> {
        let route = message.route();
        let (key, id) = (message.key.clone(), message.properties.message_id().clone());
        let known = !message.mandatory || self.routable().contains_key(&route);
        let start = Instant::now();
        let confirmed = tokio::time::timeout(CONFIRM, async {
            if known {
                let _shared = self.alone.read().await;
                self.send(message, unheard).await?.await
            } else {
                let _alone = self.alone.write().await;
                self.send(message, Duration::ZERO).await?.await
            }
        });
        let confirmation = tokio::select! {
            biased;
            confirmed = confirmed => match confirmed {
                Ok(Ok(confirmation)) => confirmation,
                Ok(Err(error)) => {
                    // A channel that failed once is gone; the supervisor makes new ones.
                    self.broken.cancel();
                    return Err(Error::Unavailable(error.to_string()));
                }
                Err(_) => {
                    self.give_up_if_stuck(&route, start);
                    return Err(unavailable("no confirm in time"));
                }
            },
            () = self.broken.cancelled() => return Err(unavailable("the connection was lost")),
        };
        match confirmation {
            Confirmation::Ack(None) => {
                self.routable().insert(route, Instant::now());
                Ok(())
            }
            Confirmation::Ack(Some(back)) if *back.properties.message_id() == id => {
                self.routable().remove(&route);
                Err(Error::Unroutable(key.as_str().to_owned()))
            }
            Confirmation::Ack(Some(back)) => {
                self.another_came_back(&back);
                Ok(())
            }
            Confirmation::Nack(_) => Err(unavailable("the broker could not store the event")),
            Confirmation::NotRequested => Err(unavailable("the channel gives no confirms")),
        }
    }

    /// A key that used to be routed is not any more: its queue was removed while events flow.
    fn another_came_back(&self, back: &BasicReturnMessage) {
        let key = back.routing_key.as_str();
        error!(key, "an event came back: its queue has been removed");
        self.routable()
            .remove(&route(&back.exchange, &back.routing_key));
    }

    /// A busy broker confirms late but does confirm. When nothing of a key has been confirmed in all that
    /// time, its quorum queue may be waiting for a message of this channel that was lost while it had no
    /// leader; it takes no later one, ever. A new channel starts afresh.
    fn give_up_if_stuck(&self, route: &str, since: Instant) {
        if self.routable().get(route).is_none_or(|last| *last < since) {
            self.broken.cancel();
        }
    }

    async fn send(
        &self,
        message: Message<'_>,
        unheard: Duration,
    ) -> lapin::Result<PublisherConfirm> {
        let Message {
            exchange,
            key,
            properties,
            body,
            mandatory,
        } = message;
        let options = BasicPublishOptions {
            mandatory,
            ..BasicPublishOptions::default()
        };
        let mut sending =
            pin!(
                self.channel
                    .basic_publish(exchange.clone(), key, options, body, properties)
            );
        // All of what needs the order is done in the first poll.
        let first = poll_fn(|context| {
            let mut nobody = Context::from_waker(Waker::noop());
            let context = if unheard.is_zero() {
                context
            } else {
                &mut nobody
            };
            let _order = self.order.lock();
            Poll::Ready(sending.as_mut().poll(context))
        });
        match first.await {
            Poll::Ready(sent) => sent,
            Poll::Pending => {
                if !unheard.is_zero() {
                    tokio::time::sleep(unheard).await;
                }
                sending.await
            }
        }
    }

    fn routable(&self) -> parking_lot::MutexGuard<'_, HashMap<String, Instant>> {
        self.routable.lock()
    }
}

fn route(exchange: &ShortString, key: &ShortString) -> String {
    format!("{exchange} {key}")
}

/// Has lapin drop the confirms that came after nobody waited for them any more: a question whose reply was faster than its confirm
/// leaves one, and lapin keeps it until it is asked for.
pub(super) async fn forget_late_confirms(channel: Channel, broken: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(FORGET) => {}
            () = broken.cancelled() => return,
        }
        let late = tokio::time::timeout(CONFIRM, channel.wait_for_confirms());
        if matches!(late.await, Ok(Err(_))) {
            return;
        }
    }
}

pub(super) fn unavailable(why: &str) -> Error {
    Error::Unavailable(why.to_owned())
}
