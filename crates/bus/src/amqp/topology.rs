//! Every exchange and queue, in one place.
//!
//! | name | what |
//! | --- | --- |
//! | `{ns}.events` | topic exchange: accepted events to the queues of subscriptions |
//! | `{ns}.tap` | topic exchange: copies for onlookers. Apart, because a tap bound to the first would make any event routable |
//! | `{ns}.{queue}` | quorum queue of a subscription |
//! | `{ns}.now` | topic exchange: events that are handed on to the queues of those who take them at once |
//! | `{ns}.{queue}.now` | classic queue of such a subscription; nothing waits there |
//! | `{ns}.retry.{ms}` | fanout exchange and quorum queue where the repeats of all subscriptions wait, one for each delay: within one queue a long wait would hold up a short one. A repeat keeps the name of its queue as routing key, by which the broker sends it home. (One for each subscription would be five quorum queues where one does, and a broker spends files and memory on each.) |
//! | `{ns}.dead` | quorum queue of all dead letters, one so that they can be listed without knowing every queue |
//! | `{ns}.tap.{random}` | an onlooker's own, gone with it |
//! | `{ns}.dead.lock` | held while a process goes through the dead letters, gone with the connection that does |

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ErrorKind, ExchangeKind};
use tracing::warn;

use super::headers::short;
use crate::{DELIVERY_LIMIT, Error, RETRY_DELAYS, Subscription};

/// Names within one namespace.
#[derive(Debug, Clone)]
pub(super) struct Names {
    namespace: String,
    pub(super) events: ShortString,
    pub(super) taps: ShortString,
    pub(super) now: ShortString,
    pub(super) dead: ShortString,
    pub(super) dead_lock: ShortString,
}

impl Names {
    pub(super) fn new(namespace: &str) -> Result<Self, Error> {
        let name = |suffix| short(&format!("{namespace}.{suffix}"));
        Ok(Self {
            namespace: namespace.to_owned(),
            events: name("events")?,
            taps: name("tap")?,
            now: name("now")?,
            dead: name("dead")?,
            dead_lock: name("dead.lock")?,
        })
    }

    pub(super) fn queue(&self, queue: &str) -> Result<ShortString, Error> {
        short(&format!("{}.{queue}", self.namespace))
    }

    /// Where a subscription takes what is handed on.
    pub(super) fn now(&self, queue: &str) -> Result<ShortString, Error> {
        short(&format!("{}.{queue}.now", self.namespace))
    }

    /// Both an exchange and a queue.
    pub(super) fn retry(&self, delay: Duration) -> Result<ShortString, Error> {
        short(&format!("{}.retry.{}", self.namespace, delay.as_millis()))
    }

    pub(super) fn tap(&self) -> Result<ShortString, Error> {
        short(&format!(
            "{}.tap.{:016x}",
            self.namespace,
            rand::random::<u64>()
        ))
    }

    /// A subscription's name from the broker's name of its queue.
    pub(super) fn strip<'a>(&self, queue: &'a str) -> &'a str {
        queue
            .strip_prefix(&self.namespace)
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or(queue)
    }
}

/// What every session needs.
pub(super) async fn declare_base(channel: &Channel, names: &Names) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    for exchange in [&names.events, &names.taps, &names.now] {
        channel
            .exchange_declare(
                exchange.clone(),
                ExchangeKind::Topic,
                durable,
                FieldTable::default(),
            )
            .await?;
    }
    let mut arguments = quorum();
    // Looking at dead letters means taking them and putting them back. Newer brokers would drop a
    // message after twenty such returns unless told otherwise, and 3.10 knows no "never".
    insert(
        &mut arguments,
        "x-delivery-limit",
        AMQPValue::LongInt(1_000_000_000),
    );
    declare_queue(channel, names.dead.clone(), arguments).await
}

/// What the broker says of a queue that is there with other arguments.
const PRECONDITION_FAILED: u16 = 406;

/// Whether this error is the broker's own trouble and no refusal: it passes, and the same declaration works then.
///
/// RabbitMQ answers `INTERNAL_ERROR` (541) to the declaration of a quorum queue while the cluster has no majority or is
/// starting, `CONNECTION_FORCED` (320) while a node shuts down, and `RESOURCE_ERROR` (506) when it is short of something.
pub(super) fn is_outage(error: &lapin::Error) -> bool {
    // Everything that blames the request. The rest of the codes blames the server or the connection.
    const REFUSALS: [u16; 12] = [311, 312, 313, 402, 403, 404, 405, 406, 502, 503, 530, 540];
    code(error).is_some_and(|code| !REFUSALS.contains(&code))
}

fn code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.kind().get_id()),
        _ => None,
    }
}

/// Declares a subscription as [`try_declare`] does. The inner error is that of a queue that differs, or of a lost
/// connection; an outage and every other refusal is the outer one.
pub(super) async fn declare(
    channel: &Channel,
    names: &Names,
    subscription: &Subscription,
) -> Result<lapin::Result<()>, Error> {
    let declared = try_declare(channel, names, subscription).await?;
    let Err(error) = &declared else {
        return Ok(declared);
    };
    let queue = &subscription.queue;
    if is_outage(error) {
        warn!(queue, %error, "rabbitmq is in trouble and cannot declare the queue; waiting until it can");
        return Err(Error::Unavailable(format!(
            "rabbitmq cannot declare the queue {queue} now: {error}"
        )));
    }
    match code(error) {
        None | Some(PRECONDITION_FAILED) => Ok(declared),
        Some(_) => Err(Error::Config(format!(
            "rabbitmq refuses the queue {queue}: {error}; look at the permissions of the user in AMQP_URL, and at who else uses this name"
        ))),
    }
}

/// A subscription's queue, its bindings and the queues where its repeats wait.
pub(super) async fn try_declare(
    channel: &Channel,
    names: &Names,
    subscription: &Subscription,
) -> Result<lapin::Result<()>, Error> {
    let queue = names.queue(&subscription.queue)?;
    let now = names.now(&subscription.queue)?;
    let mut retries = Vec::with_capacity(subscription.retry_delays.len());
    // An outage is waited for even by a queue that has no repeats.
    let least = [RETRY_DELAYS[0]];
    let delays = match subscription.retry_delays.as_slice() {
        [] => &least[..],
        delays => delays,
    };
    for delay in delays {
        let ttl = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
        retries.push((names.retry(*delay)?, ttl));
    }
    let mut bindings = Vec::with_capacity(subscription.bindings.len());
    for binding in &subscription.bindings {
        bindings.push(short(binding)?);
    }
    Ok(async {
        let mut arguments = quorum();
        dead_letter(&mut arguments, Some(&names.dead));
        // The broker allows one more delivery than its limit says.
        let limit = i32::try_from(DELIVERY_LIMIT).unwrap_or(i32::MAX) - 1;
        insert(
            &mut arguments,
            "x-delivery-limit",
            AMQPValue::LongInt(limit),
        );
        declare_queue(channel, queue.clone(), arguments).await?;
        for (retry, ttl) in retries {
            declare_retry(channel, retry, ttl).await?;
        }
        for binding in &bindings {
            bind(channel, &queue, &names.events, binding).await?;
        }
        if subscription.direct {
            let mut arguments = FieldTable::default();
            insert(&mut arguments, "x-message-ttl", AMQPValue::LongLongInt(0));
            declare_queue(channel, now.clone(), arguments).await?;
            for binding in &bindings {
                bind(channel, &now, &names.now, binding).await?;
            }
        }
        Ok(())
    }
    .await)
}

async fn bind(
    channel: &Channel,
    queue: &ShortString,
    exchange: &ShortString,
    key: &ShortString,
) -> lapin::Result<()> {
    let options = QueueBindOptions::default();
    let (queue, exchange, key) = (queue.clone(), exchange.clone(), key.clone());
    channel
        .queue_bind(queue, exchange, key, options, FieldTable::default())
        .await
}

async fn declare_retry(channel: &Channel, name: ShortString, ttl: i64) -> lapin::Result<()> {
    let mut arguments = quorum();
    dead_letter(&mut arguments, None);
    insert(&mut arguments, "x-message-ttl", AMQPValue::LongLongInt(ttl));
    declare_queue(channel, name.clone(), arguments).await?;
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..ExchangeDeclareOptions::default()
    };
    let (kind, empty) = (ExchangeKind::Fanout, FieldTable::default);
    channel
        .exchange_declare(name.clone(), kind, durable, empty())
        .await?;
    let options = QueueBindOptions::default();
    channel
        .queue_bind(name.clone(), name, ShortString::default(), options, empty())
        .await
}

/// An onlooker's queue: bounded, forgotten with the connection.
pub(super) async fn declare_tap(
    channel: &Channel,
    names: &Names,
    queue: &ShortString,
    patterns: &[ShortString],
) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..Default::default()
    };
    let mut arguments = FieldTable::default();
    insert(&mut arguments, "x-max-length", AMQPValue::LongInt(10_000));
    channel
        .queue_declare(queue.clone(), options, arguments)
        .await?;
    for pattern in patterns {
        bind(channel, queue, &names.taps, pattern).await?;
    }
    Ok(())
}

async fn declare_queue(
    channel: &Channel,
    name: ShortString,
    arguments: FieldTable,
) -> lapin::Result<()> {
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    channel
        .queue_declare(name, options, arguments)
        .await
        .map(drop)
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    insert(
        &mut arguments,
        "x-queue-type",
        AMQPValue::LongString("quorum".into()),
    );
    arguments
}

/// Where a message goes that expires or is given up, or to the queue that its routing key names; it leaves
/// only when it has arrived.
fn dead_letter(arguments: &mut FieldTable, to: Option<&ShortString>) {
    let mut set = |name, text: &str| insert(arguments, name, AMQPValue::LongString(text.into()));
    set("x-dead-letter-exchange", "");
    if let Some(to) = to {
        set("x-dead-letter-routing-key", to.as_str());
    }
    set("x-dead-letter-strategy", "at-least-once");
    set("x-overflow", "reject-publish");
}

fn insert(arguments: &mut FieldTable, name: &str, value: AMQPValue) {
    arguments.insert(ShortString::from(name), value);
}
