//! The connection and who looks after it.
//!
//! lapin can recover by itself, but then a confirm that is under way hangs for as long as the broker is
//! away, and recovery gives up in the end. Here a session is either whole or over: when its connection or
//! one of its channels fails, everyone who waits on it hears so at once, and the supervisor builds
//! another, for as long as the bus lives.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lapin::message::DeliveryResult;
use lapin::options::{BasicConsumeOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, Event};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::publish::Publisher;
use super::topology;
use super::{Core, headers};
use crate::Error;
use crate::pending::Pending;

/// The name under which a client asks for replies on its own channel.
pub(super) const DIRECT_REPLY_TO: &str = "amq.rabbitmq.reply-to";

const CONNECT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(super) type Sessions = watch::Sender<Option<Arc<Session>>>;

/// A connection and the channels that everybody shares.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) events: Publisher,
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
    async fn open(uri: AMQPUri, core: &Core) -> lapin::Result<Self> {
        let properties = ConnectionProperties::default()
            .with_connection_name(core.connection_name.as_str().into());
        let connection = Connection::connect_uri(uri, properties).await?;
        let broken = CancellationToken::new();
        tokio::spawn(watch_over(connection.events_listener(), broken.clone()));

        let declaring = connection.create_channel().await?;
        topology::declare_base(&declaring, &core.names).await?;
        redeclare(&connection, declaring, core).await?;

        let events = Publisher::new(connection.create_channel().await?, broken.clone()).await?;
        let questions = Publisher::new(connection.create_channel().await?, broken.clone()).await?;
        let reply_consumer =
            receive_replies(questions.channel(), core.pending.clone(), broken.clone()).await?;
        let replies = connection.create_channel().await?;
        let taps = connection.create_channel().await?;
        taps.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Self {
            connection,
            events,
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

    /// A channel of one's own.
    pub(super) async fn channel(&self) -> Result<Channel, Error> {
        let opened = self.connection.create_channel().await;
        opened.map_err(|error| self.fail(&error))
    }

    /// How many messages wait in a queue. Asking for one that is not there costs the channel, so each question has its
    /// own.
    pub(super) async fn waiting(&self, queue: ShortString) -> Result<lapin::Result<u32>, Error> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let queue = channel
            .queue_declare(queue, options, FieldTable::default())
            .await;
        if queue.is_ok() {
            let _ = channel.close(200, "done".into()).await;
        }
        Ok(queue.map(|queue| queue.message_count()))
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
    core: &Core,
) -> lapin::Result<()> {
    for subscription in core.known() {
        let queue = &subscription.queue;
        match topology::declare(&channel, &core.names, &subscription).await {
            Ok(Ok(())) => {}
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

/// Keeps a session up until the bus ends.
pub(super) async fn supervise(core: Arc<Core>, uri: AMQPUri, sessions: Sessions) {
    let address = format!("{}:{}", uri.authority.host, uri.authority.port);
    let mut wait = FIRST_WAIT;
    // What is told of a broker that is away; the same is told once.
    let mut told = String::new();
    loop {
        let opened = tokio::select! {
            opened = tokio::time::timeout(CONNECT, Session::open(uri.clone(), &core)) => opened,
            () = core.ended.cancelled() => return,
        };
        match opened {
            Ok(Ok(session)) => {
                info!(address, "connected to rabbitmq");
                wait = FIRST_WAIT;
                told.clear();
                let session = Arc::new(session);
                sessions.send_replace(Some(session.clone()));
                metrics::gauge!("bus_ready").set(1.0);
                tokio::select! {
                    () = session.broken.cancelled() => {}
                    () = core.ended.cancelled() => {}
                }
                sessions.send_replace(None);
                metrics::gauge!("bus_ready").set(0.0);
                session.broken.cancel();
                end(&session).await;
                if core.ended.is_cancelled() {
                    return;
                }
                warn!(address, "connection to rabbitmq lost");
                continue;
            }
            Ok(Err(error)) => tell(&mut told, &address, error.to_string()),
            Err(_) => tell(&mut told, &address, "it does not answer".to_owned()),
        }
        core.tried.cancel();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = core.ended.cancelled() => return,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Says why the broker cannot be reached, when that is news.
fn tell(told: &mut String, address: &str, error: String) {
    if *told == error {
        debug!(address, error, "rabbitmq still cannot be reached");
    } else {
        warn!(
            address,
            error, "rabbitmq cannot be reached; trying until it answers"
        );
        *told = error;
    }
}

/// Closes what is left of a session, without waiting long for a broker that may be gone.
async fn end(session: &Session) {
    if session.connection.status().connected() {
        let close = session.connection.close(200, "done".into());
        let _ = tokio::time::timeout(Duration::from_secs(1), close).await;
    }
}
