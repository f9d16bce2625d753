//! The handle that everybody holds.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use events::{Envelope, ReplyTo};

use crate::amqp::Amqp;
use crate::embedded::Embedded;
use crate::transport::Transport;
use crate::{Consumer, DeadLetter, Depth, Error, Handler, Subscription, Tap};

/// Which bus to use.
#[derive(Clone, PartialEq, Eq)]
pub enum Config {
    /// The one inside this process.
    Embedded {
        /// Where its journal lives. One process at a time.
        dir: PathBuf,
    },
    /// RabbitMQ, 3.10 or later.
    Amqp {
        /// `amqp://user:password@host:5672/%2f`, or `amqps://`.
        url: String,
        /// The prefix of every exchange and queue: `trunkline` unless several installations share a broker.
        namespace: String,
    },
}

impl fmt::Debug for Config {
    /// Without the URL: there is a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { dir } => f.debug_struct("Embedded").field("dir", dir).finish(),
            Self::Amqp { namespace, .. } => f
                .debug_struct("Amqp")
                .field("namespace", namespace)
                .finish_non_exhaustive(),
        }
    }
}

/// The bus. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Bus {
    transport: Arc<dyn Transport>,
}

impl Bus {
    /// Opens the embedded bus, or sets out for RabbitMQ. The broker need not be there yet: the bus keeps
    /// trying for as long as it lives, and [`Bus::is_ready`] tells.
    pub async fn connect(config: &Config) -> Result<Self, Error> {
        let transport: Arc<dyn Transport> = match config {
            Config::Embedded { dir } => {
                let embedded = Embedded::open(dir).await?;
                metrics::gauge!("bus_ready").set(1.0);
                Arc::new(embedded)
            }
            Config::Amqp { url, namespace } => Arc::new(Amqp::connect(url, namespace).await?),
        };
        Ok(Self { transport })
    }

    /// Publishes an event under its `kind`. `Ok` means that it is on disk in every queue that takes it. That none does
    /// is an error, but for facts of the catalogue, which may go unheard.
    pub async fn publish(&self, envelope: &Envelope) -> Result<(), Error> {
        let published = self.transport.publish(envelope).await;
        count(envelope, &published);
        published
    }

    /// Hands an event on to a consumer that is at work ([`Subscription::direct`]), without storing it: for whoever still
    /// holds what it follows from. `true` when it has been handled; else the event is to be published, and may in the end
    /// be handled twice. The embedded bus stores everything.
    pub async fn dispatch_direct(&self, envelope: &Envelope) -> bool {
        let handled = self.transport.dispatch_direct(envelope).await;
        if handled {
            count(envelope, &Ok(()));
        }
        handled
    }

    /// Publishes events in this order without waiting for each confirm; one result for each.
    pub async fn publish_all(&self, envelopes: &[Envelope]) -> Vec<Result<(), Error>> {
        let published = self.transport.publish_all(envelopes).await;
        envelopes
            .iter()
            .zip(&published)
            .for_each(|(envelope, result)| count(envelope, result));
        published
    }

    /// Publishes an event durably and waits for the reply, whoever gives it: the envelope's `reply_to` is
    /// set, and a role that republishes the question hands it on.
    ///
    /// [`Error::Unavailable`]: not, or not surely, accepted. [`Error::NoReply`]: accepted, and it will be
    /// handled, but no reply came in time.
    pub async fn request(&self, envelope: Envelope, timeout: Duration) -> Result<Envelope, Error> {
        let kind = envelope.kind.clone();
        let reply = self.transport.request(envelope, timeout).await;
        if matches!(reply, Ok(_) | Err(Error::NoReply(_))) {
            metrics::counter!("bus_published_total", "type" => kind).increment(1);
        }
        reply
    }

    /// Sends the reply to whoever waits, in whichever process; it is not stored.
    ///
    /// [`Error::ReplyAbandoned`] says that nobody waits any more, which is no fault. The embedded bus
    /// always knows; RabbitMQ does not tell, so there a reply to nobody is `Ok`.
    pub async fn reply(&self, to: &ReplyTo, envelope: &Envelope) -> Result<(), Error> {
        self.transport.reply(to, envelope).await
    }

    /// Declares the subscription and starts to handle its deliveries, up to `prefetch` at a time, until
    /// [`Consumer::stop`] or the end of the bus.
    pub async fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
    ) -> Result<Consumer, Error> {
        self.transport.consume(subscription, handler).await
    }

    /// Declares the queue and its bindings without consuming, so that events published before the consumer
    /// starts are kept.
    pub async fn declare(&self, subscription: &Subscription) -> Result<(), Error> {
        self.transport.declare(subscription).await
    }

    /// A live view of the accepted events that match any of the patterns. Nothing is stored for it, and a
    /// tap does not make an event routable.
    pub async fn tap(&self, patterns: &[&str]) -> Result<Tap, Error> {
        self.transport.tap(patterns).await
    }

    /// Dead letters, at most so many; looking at them changes nothing.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        self.transport.dead_letters(limit).await
    }

    /// How many there are, at little cost.
    pub async fn dead_count(&self) -> Result<u64, Error> {
        self.transport.dead_count().await
    }

    /// Puts one dead letter back into the queue that it died in, as new.
    pub async fn replay(&self, id: &str) -> Result<(), Error> {
        self.replay_if(id, |_| true).await
    }

    /// The same if its event may be put back, in the one look that finds it: else it stays, and is as unknown as one that
    /// is not there. `may` is asked where the bus works, and must not wait for anything.
    pub async fn replay_if(
        &self,
        id: &str,
        may: impl Fn(&Envelope) -> bool + Send + 'static,
    ) -> Result<(), Error> {
        self.transport.replay(id, Box::new(may)).await
    }

    /// Whether events can be published now.
    pub fn is_ready(&self) -> bool {
        self.transport.is_ready()
    }

    /// Waits until events can be published.
    pub async fn ready(&self) {
        self.transport.ready().await
    }

    /// The subscriptions that this bus has declared, each with every binding and delay that it had here. The embedded
    /// bus, whose folder goes as a whole, gives none.
    pub fn declared(&self) -> Vec<Subscription> {
        self.transport.declared()
    }

    /// The queues that are to be consumed here and are not, now: their channel has ended, or the broker does not give one.
    /// They are tried again until they are.
    pub fn unserved(&self) -> Vec<String> {
        self.transport.unserved()
    }

    /// How much each queue holds. On RabbitMQ these are the queues that this process has declared.
    pub async fn depths(&self) -> Result<Vec<Depth>, Error> {
        self.transport.depths().await
    }

    /// Says that the consumers of this process have stopped. Where all that there are live in it, nobody will answer any
    /// more: whoever waits for a reply, now or later, hears [`Error::NoReply`] as soon as the event is stored.
    pub fn consumers_have_stopped(&self) {
        self.transport.consumers_have_stopped();
    }

    /// Lets every consumer finish what is in hand, writes what is to be written, and closes.
    pub async fn close(&self) {
        self.transport.close().await;
        metrics::gauge!("bus_ready").set(0.0);
    }

    /// Removes every exchange and queue that this bus has declared, with what is in them: for tests.
    pub async fn delete_namespace(&self) -> Result<(), Error> {
        self.transport.delete_namespace().await
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bus({})", self.transport.name())
    }
}

fn count(envelope: &Envelope, published: &Result<(), Error>) {
    if published.is_ok() {
        metrics::counter!("bus_published_total", "type" => envelope.kind.clone()).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever calls the bus may be spawned.
    #[expect(dead_code, reason = "it is enough that it compiles")]
    fn futures_are_send(
        bus: &'static Bus,
        envelope: &'static Envelope,
        subscription: &'static Subscription,
    ) {
        fn send(_: impl Send + 'static) {}
        send(async {
            Bus::connect(&Config::Embedded {
                dir: PathBuf::new(),
            })
            .await
        });
        send(bus.publish(envelope));
        send(async move { bus.publish_all(std::slice::from_ref(envelope)).await });
        send(bus.request(envelope.clone(), Duration::ZERO));
        send(bus.declare(subscription));
        send(async move { bus.tap(&["#"]).await });
        send(bus.dead_letters(1));
        send(bus.dead_count());
        send(bus.replay(""));
        send(bus.replay_if("", |_| true));
        send(bus.depths());
        send(bus.close());
        send(bus.delete_namespace());
    }

    #[test]
    fn configuration_hides_its_password() {
        let url = "amqp://user:secret@host/%2f".to_owned();
        let config = Config::Amqp {
            url,
            namespace: "trunkline".to_owned(),
        };
        assert!(!format!("{config:?}").contains("secret"));
    }
}
