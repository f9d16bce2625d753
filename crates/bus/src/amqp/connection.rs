//! The connection. The supervisor looks after it.
//!
//! lapin can recover by itself, but then a confirm that is under way hangs for as long as the broker is
//! away, and recovery gives up in the end. Here a session is either whole or over: when its connection or
//! one of its channels fails, everyone who waits on it hears so at once, and the supervisor builds
//! another, for as long as the bus lives.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lapin::message::DeliveryResult;
use lapin::options::{BasicConsumeOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, LongString, ShortString};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use parking_lot::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::headers;
use super::publish::{Message, Publisher, forget_late_confirms, unavailable};
use super::topology::{self, Names};
use crate::pending::Pending;
use crate::{Error, Subscription};

/// The name under which a client asks for replies on its own channel.
pub(super) const DIRECT_REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// How long it may take to answer anything. A queue with three members takes its time on a busy broker.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a publisher waits for another that is the first with the same key.
const TURN: Duration = Duration::from_secs(5);

/// A connection and the channels that everybody shares.
pub(super) struct Session {
    pub(super) connection: Connection,
    events: Publisher,
    /// Those who publish the first message of a key, one at a time for each key.
    firsts: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Questions: replies come back on the channel that asked.
    pub(super) questions: Publisher,
    pub(super) replies: Channel,
    pub(super) taps: Channel,
    /// Cancelled when any of it fails.
    pub(super) broken: CancellationToken,
    /// Dropping it would cancel it.
    _reply_consumer: lapin::Consumer,
}

impl Session {
    /// Connects, and declares what this process is `known` to have declared.
    pub(super) async fn open(
        uri: AMQPUri,
        name: LongString,
        names: &Names,
        known: impl Fn() -> Vec<Subscription>,
        pending: Arc<Pending>,
    ) -> lapin::Result<Self> {
        let properties = ConnectionProperties::default().with_connection_name(name);
        let connection = Connection::connect_uri(uri, properties).await?;
        let broken = CancellationToken::new();
        tokio::spawn(watch_over(connection.events_listener(), broken.clone()));

        let declaring = connection.create_channel().await?;
        topology::declare_base(&declaring, names).await?;
        redeclare(&connection, declaring, names, known()).await?;

        let events = Publisher::new(connection.create_channel().await?, broken.clone()).await?;
        let questions = Publisher::new(connection.create_channel().await?, broken.clone()).await?;
        let reply_consumer = receive_replies(questions.channel(), pending, broken.clone()).await?;
        tokio::spawn(forget_late_confirms(
            questions.channel().clone(),
            broken.clone(),
        ));
        let replies = connection.create_channel().await?;
        let taps = connection.create_channel().await?;
        taps.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self {
            connection,
            events,
            firsts: Mutex::default(),
            questions,
            replies,
            taps,
            broken,
            _reply_consumer: reply_consumer,
        })
    }

    /// Whether events can be published on it. A broker short of disk or memory blocks publishers.
    pub(super) fn is_ready(&self) -> bool {
        !self.broken.is_cancelled()
            && self.connection.status().connected()
            && !self.connection.status().blocked()
    }

    /// Publishes an event. The first of a key goes alone, on a channel of its own: only there it is sure whose message
    /// came back, and a queue that does not take it holds up nobody else.
    pub(super) async fn publish(&self, message: Message<'_>) -> Result<(), Error> {
        if self.events.knows(&message) {
            return self.events.publish(message).await;
        }
        let route = message.route();
        let turn = self.firsts().entry(route.clone()).or_default().clone();
        // Whoever is before us may be waiting for a broker that answers nothing.
        let turn = tokio::time::timeout(TURN, turn.lock()).await;
        let _turn = turn.map_err(|_| unavailable("rabbitmq does not confirm"))?;
        if self.events.knows(&message) {
            return self.events.publish(message).await;
        }
        let channel = self.channel().await?;
        let alone = Publisher::new(channel.clone(), self.broken.child_token());
        let alone = self.answered(alone).await?;
        let alone = alone.map_err(|error| self.fail(&error))?;
        let published = alone.publish(message).await;
        if published.is_ok() {
            self.events.learn(route.clone());
        }
        self.firsts().remove(&route);
        // Nobody waits for it.
        tokio::spawn(async move {
            let _ = tokio::time::timeout(ANSWER, channel.close(200, "done".into())).await;
        });
        published
    }

    fn firsts(&self) -> MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
        self.firsts.lock()
    }

    /// A channel of one's own.
    pub(super) async fn channel(&self) -> Result<Channel, Error> {
        let opened = self.answered(self.connection.create_channel()).await?;
        opened.map_err(|error| self.fail(&error))
    }

    /// How many messages wait in a queue.
    pub(super) async fn waiting(&self, queue: ShortString) -> Result<lapin::Result<u32>, Error> {
        let queue = self.look(queue).await?;
        Ok(queue.map(|queue| queue.message_count()))
    }

    /// A queue as the broker has it. Asking for one that is not there costs the channel, so each question has its own.
    pub(super) async fn look(
        &self,
        queue: ShortString,
    ) -> Result<lapin::Result<lapin::Queue>, Error> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let asked = channel.queue_declare(queue, options, FieldTable::default());
        let queue = self.answered(asked).await?;
        if queue.is_ok() {
            self.close(channel).await;
        }
        Ok(queue)
    }

    /// Waits for the broker's answer for as long as the connection lasts, and not for ever: a broker that is short of files
    /// or has no leader says nothing at all.
    pub(super) async fn answered<T>(&self, asking: impl Future<Output = T>) -> Result<T, Error> {
        self.within(ANSWER, asking).await
    }

    /// Waits so long for several answers, as long as the connection lasts.
    pub(super) async fn within<T>(
        &self,
        longest: Duration,
        asking: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let answer = tokio::time::timeout(longest, asking);
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| unavailable("rabbitmq does not answer")),
            () = self.broken.cancelled() => Err(unavailable("the connection was lost")),
        }
    }

    /// Closes a channel that is of no more use, where the connection still lasts.
    pub(super) async fn close(&self, channel: Channel) {
        let _ = self.answered(channel.close(200, "done".into())).await;
    }

    /// Lets everybody know that something on it failed.
    pub(super) fn fail(&self, error: &lapin::Error) -> Error {
        self.broken.cancel();
        Error::Unavailable(error.to_string())
    }
}

/// Declares again what this process has declared before: the broker may be new.
async fn redeclare(
    connection: &Connection,
    mut channel: Channel,
    names: &Names,
    known: Vec<Subscription>,
) -> lapin::Result<()> {
    for subscription in known {
        let queue = &subscription.queue;
        match topology::try_declare(&channel, names, &subscription).await {
            Ok(Ok(())) => {}
            // The broker has closed the connection, and would answer the same to the others.
            Ok(Err(error)) if topology::is_outage(&error) => return Err(error),
            Ok(Err(error)) => {
                // The error has closed the channel, and says nothing about the other queues.
                error!(queue, %error, "queue could not be declared");
                channel = connection.create_channel().await?;
            }
            Err(error) => error!(queue, %error, "queue cannot be declared"),
        }
    }
    channel.close(200, "done".into()).await
}

/// Replies go from lapin's own thread straight to whoever waits: one hop less on the path of a webhook.
async fn receive_replies(
    channel: &Channel,
    pending: Arc<Pending>,
    broken: CancellationToken,
) -> lapin::Result<lapin::Consumer> {
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let consumer = channel
        .basic_consume(
            DIRECT_REPLY_TO.into(),
            "replies".into(),
            options,
            FieldTable::default(),
        )
        .await?;
    consumer.set_delegate(move |delivery: DeliveryResult| {
        match delivery {
            Ok(Some(delivery)) => {
                let correlation = delivery
                    .properties
                    .correlation_id()
                    .clone()
                    .unwrap_or_default();
                let key = delivery.routing_key.as_str();
                let reply = headers::envelope(&delivery.properties, key, delivery.data);
                pending.answer(correlation.as_str(), reply);
            }
            Ok(None) | Err(_) => broken.cancel(),
        }
        std::future::ready(())
    });
    Ok(consumer)
}

async fn watch_over(events: impl futures::Stream<Item = Event> + Send, broken: CancellationToken) {
    let mut events = std::pin::pin!(events);
    while let Some(event) = events.next().await {
        match event {
            // A channel that was closed by an exception of its own is for whoever used it.
            Event::Error(error) if error.is_amqp_soft_error() => {}
            Event::Error(_) => break,
            Event::ConnectionBlocked(reason) => {
                metrics::gauge!("bus_ready").set(0.0);
                error!(reason, "rabbitmq refuses events until it has room again");
            }
            Event::ConnectionUnblocked => {
                metrics::gauge!("bus_ready").set(1.0);
                info!("rabbitmq takes events again");
            }
            _ => {}
        }
        if broken.is_cancelled() {
            return;
        }
    }
    broken.cancel();
}
