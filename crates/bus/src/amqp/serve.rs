//! What the consumers of what is stored (`consume`) and of what is handed on (`direct`) have in common: they serve one
//! channel after the other.

use std::sync::Arc;
use std::time::Duration;

use lapin::Channel;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use tokio::task::JoinSet;
use tracing::debug;

use super::connection::Session;
use super::shared::{Core, LONG_PATIENCE};
use crate::consumer::Signals;
use crate::{Error, Subscription};

/// Between two tries to open a channel.
const PAUSE: Duration = Duration::from_millis(100);

/// A channel that consumes a queue.
pub(super) struct Opened {
    pub(super) session: Arc<Session>,
    pub(super) channel: Channel,
    pub(super) consumer: lapin::Consumer,
}

/// Takes the deliveries of a queue.
pub(super) trait Serve {
    /// What the log says while the queue cannot be consumed.
    const WAITS: &'static str;

    /// The broker's own part of the name, where a subscription has two queues.
    const SUFFIX: &'static str;

    /// The subscription's name of the queue.
    fn queue(&self) -> &str;

    fn core(&self) -> &Core;

    fn open(&self) -> impl Future<Output = Result<Opened, Error>> + Send;

    /// Handles deliveries until the channel ends or the consumer is told to. What is still in hand then may be left
    /// there.
    fn serve(
        &self,
        opened: Opened,
        in_hand: &mut JoinSet<()>,
        signals: &Signals,
    ) -> impl Future<Output = ()> + Send;
}

/// Serves a queue, on one connection after the other, until the consumer ends.
pub(super) async fn run<S: Serve>(server: S, signals: Signals) {
    let mut in_hand = JoinSet::new();
    let name = format!("{}{}", server.queue(), S::SUFFIX);
    server.core().unserved().insert(name.clone());
    while !signals.stop.is_cancelled() {
        let opened = tokio::select! {
            biased;
            () = signals.abort.cancelled() => break,
            () = signals.stop.cancelled() => break,
            opened = server.open() => opened,
        };
        match opened {
            Ok(opened) => {
                server.core().unserved().remove(&name);
                server.serve(opened, &mut in_hand, &signals).await;
                if !signals.stop.is_cancelled() && !signals.abort.is_cancelled() {
                    server.core().unserved().insert(name.clone());
                    debug!(queue = name, "the consumer's channel has ended");
                }
            }
            Err(error) => debug!(queue = name, %error, "{}", S::WAITS),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = signals.stop.cancelled() => {}
            () = signals.abort.cancelled() => {}
        }
    }
    server.core().unserved().remove(&name);
    tokio::select! {
        () = async { while in_hand.join_next().await.is_some() {} } => {}
        () = signals.abort.cancelled() => in_hand.shutdown().await,
    }
}

impl Core {
    /// Begins to consume a queue of a subscription, on a channel of its own.
    pub(super) async fn open(
        &self,
        subscription: &Subscription,
        queue: ShortString,
        tag: &'static str,
        options: BasicConsumeOptions,
    ) -> Result<Opened, Error> {
        let session = self.session(LONG_PATIENCE).await?;
        let opened = async {
            let channel = session.connection.create_channel().await?;
            // The broker bounds only what is to be acked.
            if !options.no_ack {
                let prefetch = subscription.prefetch.max(1);
                channel
                    .basic_qos(prefetch, BasicQosOptions::default())
                    .await?;
            }
            let consumer = channel
                .basic_consume(queue, tag.into(), options, FieldTable::default())
                .await?;
            Ok::<_, lapin::Error>((channel, consumer))
        };
        let opened = session.answered(opened).await?;
        match opened {
            Ok((channel, consumer)) => Ok(Opened {
                session,
                channel,
                consumer,
            }),
            Err(error) => {
                // The queue may have been deleted, and have been bound to more than its consumer knows.
                let known = self.remembered(&subscription.queue);
                self.declare(known.as_ref().unwrap_or(subscription), LONG_PATIENCE)
                    .await?;
                Err(Error::Unavailable(error.to_string()))
            }
        }
    }
}
