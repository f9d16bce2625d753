//! The consumers of a process: every queue is declared first, then all are consumed, and it all waits for the bus and
//! for the databases.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::Bus;
use store::Schema;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::consumer::Consumer;
use api::health::Flag;

/// How long until a database that is away is asked again, or a bus that is there and did not take a queue.
const AGAIN: Duration = Duration::from_secs(1);

/// The consumers, at work or on their way to it.
pub(crate) struct Consumers {
    /// Whether they are at work, for health.
    pub at_work: Flag,
    state: State,
}

enum State {
    Open(Vec<bus::Consumer>),
    /// Ends with `stop`, or when they are at work.
    Waiting(JoinHandle<Vec<bus::Consumer>>),
}

impl Consumers {
    /// Puts the consumers to work if the bus is there, and the databases with these schemas. If something is away they
    /// go to work when it comes, and this returns at once: a process that ended for want of a server would be started
    /// again and again.
    pub async fn open(
        bus: &Bus,
        schemas: Vec<Schema>,
        wanted: Vec<Consumer>,
        stop: CancellationToken,
    ) -> Result<Self, bus::Error> {
        let at_work = Flag::default();
        let mut running = Vec::with_capacity(wanted.len());
        if schemas.is_empty() && (wanted.is_empty() || bus.is_ready()) {
            match begin(bus, &wanted, &mut running).await {
                Ok(()) => {
                    at_work.store(true, Ordering::Relaxed);
                    return Ok(Self {
                        at_work,
                        state: State::Open(running),
                    });
                }
                // It has gone in between.
                Err(bus::Error::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        warn!("not everything is there; events are handled when it is");
        let (bus, flag) = (bus.clone(), at_work.clone());
        let waiting = tokio::spawn(async move {
            tokio::select! {
                () = async {
                    futures::future::join_all(schemas.iter().map(update_when_there)).await;
                    begin_when_there(&bus, &wanted, &mut running).await;
                } => {
                    flag.store(true, Ordering::Relaxed);
                    info!("everything is there; events are handled");
                }
                () = stop.cancelled() => {}
            }
            running
        });
        Ok(Self {
            at_work,
            state: State::Waiting(waiting),
        })
    }

    /// Takes no more deliveries and waits for those in hand, for so long: what has not ended by then is delivered again.
    /// If they are not at work yet, the `stop` that they were opened with must have been cancelled.
    pub async fn stop(self, patience: Duration) {
        let running = match self.state {
            State::Open(running) => running,
            State::Waiting(waiting) => waiting.await.unwrap_or_default(),
        };
        let stopped = running.into_iter().map(|it| it.stop_within(patience));
        let unsettled = futures::future::join_all(stopped)
            .await
            .into_iter()
            .filter(|settled| !settled)
            .count();
        if unsettled > 0 {
            warn!(
                consumers = unsettled,
                "deliveries did not end in time; they are delivered again"
            );
        }
    }
}

/// Declares every queue, then consumes those that are not consumed yet: what a consumer publishes finds its queue.
async fn begin(
    bus: &Bus,
    wanted: &[Consumer],
    running: &mut Vec<bus::Consumer>,
) -> Result<(), bus::Error> {
    for (subscription, _) in wanted {
        bus.declare(subscription).await?;
    }
    for (subscription, handler) in wanted.iter().skip(running.len()) {
        running.push(
            bus.consume(subscription.clone(), Arc::clone(handler))
                .await?,
        );
    }
    Ok(())
}

async fn update_when_there(schema: &Schema) {
    let mut logged = String::new();
    while let Err(error) = schema.update().await {
        let words = error.to_string();
        // That it is away has been logged.
        if words != logged && !matches!(error, store::Error::Unavailable(_)) {
            warn!(%error, "the database answers, but the schema cannot be brought up to date");
            logged = words;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn begin_when_there(bus: &Bus, wanted: &[Consumer], running: &mut Vec<bus::Consumer>) {
    let mut logged = String::new();
    loop {
        bus.ready().await;
        let Err(error) = begin(bus, wanted, running).await else {
            return;
        };
        let words = error.to_string();
        if words != logged {
            warn!(%error, "the bus answers, but not all queues can be declared");
            logged = words;
        }
        tokio::time::sleep(AGAIN).await;
    }
}
