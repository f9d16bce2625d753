//! Onlookers: accepted events are published a second time, unstored and unconfirmed, on an exchange of
//! their own. Bound to the first exchange, a tap on `#` would make every event routable and the broker's
//! word for "somebody takes this" worthless.

use std::sync::Arc;
use std::time::Duration;

use events::Envelope;
use futures::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::types::{FieldTable, ShortString};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::connection::Session;
use super::{Amqp, Core, LONG_PATIENCE, headers, topology};
use crate::Error;
use crate::tap::{self, Tap, TapSender};

impl Amqp {
    pub(crate) async fn tap(&self, patterns: &[&str]) -> Result<Tap, Error> {
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
pub(super) async fn show(core: Arc<Core>, mut showing: mpsc::Receiver<Arc<Envelope>>) {
    loop {
        let event = tokio::select! {
            biased;
            event = showing.recv() => event,
            () = core.ended.cancelled() => return,
        };
        let Some(event) = event else { return };
        let (Ok(key), Ok(properties)) = (headers::short(&event.kind), headers::transient(&event))
        else {
            continue;
        };
        loop {
            if core.ended.is_cancelled() {
                return;
            }
            let Ok(session) = core.session(LONG_PATIENCE).await else {
                continue;
            };
            let options = BasicPublishOptions::default();
            let taps = core.names.taps.clone();
            let sent = session
                .taps
                .basic_publish(taps, key.clone(), options, &event.data, properties.clone())
                .await;
            match sent {
                Ok(_) => break,
                Err(error) => drop(session.fail(&error)),
            }
        }
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
    loop {
        let session = tokio::select! {
            session = core.session(LONG_PATIENCE) => session,
            () = core.ended.cancelled() => return,
            () = tap.closed() => return,
        };
        let Ok(session) = session else { continue };
        let consumer = match open(&core, &session, &patterns).await {
            Ok(consumer) => consumer,
            Err(error) => {
                warn!(%error, "tap could not be opened");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
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
    opened
        .await
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
