//! Onlookers: accepted events are published a second time, unstored, on an exchange of their own. Bound to the
//! first exchange, a tap on `#` would make every event routable and the broker's word for "a queue takes this"
//! worthless.
//!
//! Mostly nobody looks on, and a copy of every event would double the work of publishing. So a copy is published as
//! `mandatory`: the broker sends one back that no tap takes, and for a pause from then no copy of its kind is
//! made. A tap counts as open when it has been bound for longer than that: whatever is accepted from then on is shown.

use std::sync::Arc;
use std::time::{Duration, Instant};

use events::Envelope;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Confirmation, PublisherConfirm};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::connection::Session;
use super::shared::{Amqp, Core, LONG_PATIENCE, PATIENCE, WINDOW};
use super::{headers, topology};
use crate::Error;
use crate::tap::{self, Tap, TapSender};

/// Between two tries to open a tap.
const AGAIN: Duration = Duration::from_secs(1);
/// How long a tap is bound before it counts as open.
const OPENING: Duration = Duration::from_millis(250);
impl Amqp {
    pub(super) async fn open_tap(&self, patterns: &[&str]) -> Result<Tap, Error> {
        let (sender, tap) = tap::tap(patterns);
        let patterns: Vec<ShortString> = sender
            .patterns()
            .iter()
            .map(|p| headers::short(p))
            .collect::<Result<_, _>>()?;
        let (bound, first) = oneshot::channel();
        self.core
            .services
            .spawn(receive(self.core.clone(), patterns, sender, bound));
        // Without a broker the tap starts when there is one.
        let _ = tokio::time::timeout(LONG_PATIENCE, first).await;
        Ok(tap)
    }
}

/// Publishes what is to be shown. An event that could not be shown is held until it can.
pub(super) async fn run(core: Arc<Core>, mut showing: mpsc::Receiver<Arc<Envelope>>) {
    let mut flying = FuturesUnordered::new();
    loop {
        let event = tokio::select! {
            biased;
            () = core.ended.cancelled() => return,
            Some(settled) = flying.next() => {
                if let Some((kind, sent)) = settled {
                    core.shows.came_back(kind, sent);
                }
                continue;
            }
            event = showing.recv(), if flying.len() < WINDOW => event,
        };
        let Some(event) = event else { return };
        let (Ok(key), Ok(properties)) = (headers::short(&event.kind), headers::transient(&event))
        else {
            continue;
        };
        // It was in the queue when the news came that nobody looks.
        if core.shows.is_unseen(&event.kind) {
            continue;
        }
        while !core.ended.is_cancelled() {
            let Ok(session) = core.session(LONG_PATIENCE).await else {
                // A broker that blocks publishers says so at once.
                tokio::time::sleep(PATIENCE).await;
                continue;
            };
            let options = BasicPublishOptions {
                mandatory: true,
                ..BasicPublishOptions::default()
            };
            let (taps, key, properties) =
                (core.names.taps.clone(), key.clone(), properties.clone());
            let sent = Instant::now();
            let copy = session
                .taps
                .basic_publish(taps, key, options, &event.data, properties);
            let copied = match session.answered(copy).await {
                Ok(copied) => copied,
                Err(_) => continue,
            };
            match copied {
                Ok(confirm) => {
                    flying.push(settle(session, confirm, sent));
                    break;
                }
                Err(error) => drop(session.fail(&error)),
            }
        }
    }
}

/// The kind of a copy that came back, and when it was sent at the latest: lapin gives what came back to whichever
/// confirm arrives next, which may be that of an earlier copy, never that of a later one.
async fn settle(
    session: Arc<Session>,
    confirm: PublisherConfirm,
    sent: Instant,
) -> Option<(String, Instant)> {
    let confirmed = tokio::select! {
        confirmed = confirm => confirmed,
        () = session.broken.cancelled() => return None,
    };
    match confirmed {
        Ok(Confirmation::Ack(Some(back))) => Some((back.routing_key.as_str().to_owned(), sent)),
        _ => None,
    }
}

/// Brings events to one onlooker, on one connection after the other.
async fn receive(
    core: Arc<Core>,
    patterns: Vec<ShortString>,
    tap: TapSender,
    bound: oneshot::Sender<()>,
) {
    let mut bound = Some(bound);
    // What is told of a broker that gives no queue; the same is told once.
    let mut told = String::new();
    loop {
        let session = tokio::select! {
            session = core.session(LONG_PATIENCE) => session,
            () = core.ended.cancelled() => return,
            () = tap.closed() => return,
        };
        let Ok(session) = session else {
            tokio::time::sleep(PATIENCE).await;
            continue;
        };
        let consumer = match open(&core, &session, &patterns).await {
            Ok(consumer) => consumer,
            Err(error) => {
                let words = error.to_string();
                if words != told {
                    warn!(%error, "tap could not be opened; trying until it can");
                    told = words;
                }
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        told.clear();
        // Longer than the last publisher looks away who has not heard of this tap.
        tokio::time::sleep(OPENING).await;
        match bound.take() {
            Some(bound) => drop(bound.send(())),
            // Nobody knows what passed by while there was no connection.
            None => tap.lost(1),
        }
        tokio::select! {
            () = pass_on(consumer, &tap) => {}
            () = session.broken.cancelled() => {}
            () = core.ended.cancelled() => return,
            () = tap.closed() => return,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn open(
    core: &Core,
    session: &Session,
    patterns: &[ShortString],
) -> Result<lapin::Consumer, Error> {
    let queue = core.names.tap()?;
    let opened = async {
        let channel = session.connection.create_channel().await?;
        topology::declare_tap(&channel, &core.names, &queue, patterns).await?;
        let options = BasicConsumeOptions {
            no_ack: true,
            ..BasicConsumeOptions::default()
        };
        channel
            .basic_consume(queue.clone(), "tap".into(), options, FieldTable::default())
            .await
    };
    session
        .answered(opened)
        .await?
        .map_err(|error: lapin::Error| Error::Unavailable(error.to_string()))
}

async fn pass_on(mut consumer: lapin::Consumer, tap: &TapSender) {
    while let Some(Ok(delivery)) = consumer.next().await {
        let key = delivery.routing_key.as_str();
        tap.offer(Arc::new(headers::envelope(
            &delivery.properties,
            key,
            delivery.data,
        )));
    }
}
