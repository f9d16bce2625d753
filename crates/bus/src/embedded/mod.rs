//! The bus inside the process: queues in memory, a journal on disk.

mod command;
mod dispatch;
mod journal;
mod lock;
mod queue;
mod shared;
#[cfg(test)]
mod tests;
mod told;
mod writer;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use events::{Envelope, ReplyTo};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::pending::Pending;
use crate::tap;
use crate::transport::{May, Transport};
use crate::{Consumer, DeadLetter, Depth, Error, Handler, Subscription, Tap};
use command::{Answer, Command, Routed};
use shared::{Shared, closed};
use writer::Writer;

/// The embedded bus.
pub(crate) struct Embedded {
    shared: Arc<Shared>,
    pending: Arc<Pending>,
    closing: CancellationToken,
    tasks: TaskTracker,
    closed: AtomicBool,
}

impl Embedded {
    pub(crate) async fn open(dir: &Path) -> Result<Self, Error> {
        let dir = dir.to_owned();
        let opened = tokio::task::spawn_blocking(move || Writer::open(&dir)).await;
        let (writer, queues) = opened.map_err(|error| Error::Journal(error.to_string()))??;
        let (commands, inbox) = mpsc::channel();
        let shared = Arc::new(Shared::new(queues, commands, writer.told()));
        let weak = Arc::downgrade(&shared);
        std::thread::Builder::new()
            .name("bus-journal".to_owned())
            .spawn(move || writer.run(weak, inbox))
            .map_err(|error| Error::Journal(error.to_string()))?;
        let bus = Self {
            shared,
            pending: Pending::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            closed: AtomicBool::new(false),
        };
        bus.tasks.spawn(dispatch::timer(
            Arc::downgrade(&bus.shared),
            bus.closing.clone(),
        ));
        Ok(bus)
    }

    /// The event and the queues that take it. None: nobody does, and nobody has to.
    fn routed(&self, event: Arc<Envelope>) -> Result<Option<Routed>, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let route = self.shared.queues().route(&event.kind);
        if !route.is_empty() {
            return Ok(Some((event, route)));
        }
        // It is news to the onlookers all the same: caches live on it.
        self.shared.show(&event);
        if events::must_be_taken(&event.kind) {
            Err(Error::Unroutable(event.kind.clone()))
        } else {
            Ok(None)
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Error> {
        self.shared.ask(command).await
    }

    /// Ends as a crash would: nothing more is written.
    #[cfg(test)]
    async fn crash(self) {
        let (done, wait) = oneshot::channel();
        let _ = self.shared.commands.send(Command::Crash { done });
        let _ = wait.await;
    }

    /// Declares the queue; its place among all of them.
    async fn queue(&self, subscription: &Subscription) -> Result<usize, Error> {
        let (name, patterns) = (subscription.queue.clone(), subscription.bindings.clone());
        let queue = self.shared.queues().declare(&name, &patterns);
        self.ask(|done| Command::Declare {
            queue,
            name,
            patterns,
            done,
        })
        .await?;
        Ok(queue)
    }
}

#[async_trait]
impl Transport for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    async fn publish(&self, envelope: &Envelope) -> Result<(), Error> {
        let Some(event) = self.routed(Arc::new(envelope.clone()))? else {
            return Ok(());
        };
        self.ask(|done| Command::Store {
            events: vec![event],
            done,
        })
        .await
    }

    async fn publish_all(&self, envelopes: &[Envelope]) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(envelopes.len());
        let mut events = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            results.push(
                self.routed(Arc::new(envelope.clone()))
                    .map(|event| events.extend(event)),
            );
        }
        if events.is_empty() {
            return results;
        }
        if let Err(error) = self.ask(|done| Command::Store { events, done }).await {
            let words = error.to_string();
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(match error {
                    Error::Journal(_) => Error::Journal(words.clone()),
                    _ => Error::Unavailable(words.clone()),
                });
            }
        }
        results
    }

    async fn request(&self, mut envelope: Envelope, timeout: Duration) -> Result<Envelope, Error> {
        let mut slot = self.pending.open();
        envelope.reply_to = Some(ReplyTo {
            address: self.pending.nonce().to_owned(),
            correlation: slot.correlation.clone(),
        });
        let (mut accepted, mut given_up) = (false, false);
        let stored = self.publish(&envelope);
        tokio::pin!(stored);
        let late = tokio::time::sleep(timeout);
        tokio::pin!(late);
        loop {
            tokio::select! {
                biased;
                reply = &mut slot.reply, if !given_up => match reply {
                    Ok(reply) => return Ok(reply),
                    // Nobody will answer; that the event is on disk is waited for all the same.
                    Err(_) if !accepted => given_up = true,
                    Err(_) => return Err(Error::NoReply(timeout)),
                },
                stored = &mut stored, if !accepted => {
                    stored?;
                    if given_up {
                        return Err(Error::NoReply(timeout));
                    }
                    accepted = true;
                }
                () = &mut late => return Err(if accepted {
                    Error::NoReply(timeout)
                } else {
                    Error::Unavailable("the event was not on disk in time".to_owned())
                }),
            }
        }
    }

    fn consumers_have_stopped(&self) {
        self.pending.give_up();
    }

    async fn reply(&self, to: &ReplyTo, envelope: &Envelope) -> Result<(), Error> {
        if self.pending.answer(&to.correlation, envelope.clone()) {
            Ok(())
        } else {
            Err(Error::ReplyAbandoned)
        }
    }

    async fn declare(&self, subscription: &Subscription) -> Result<(), Error> {
        self.queue(subscription).await.map(drop)
    }

    async fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
    ) -> Result<Consumer, Error> {
        let queue = self.queue(&subscription).await?;
        let shared = self.shared.clone();
        Ok(Consumer::spawn(&self.tasks, &self.closing, |signals| {
            dispatch::consume(shared, queue, subscription, handler, signals)
        }))
    }

    async fn tap(&self, patterns: &[&str]) -> Result<Tap, Error> {
        let (sender, tap) = tap::tap(patterns);
        if !self.closed.load(Ordering::Acquire) {
            self.shared.taps.lock().push(sender);
        }
        Ok(tap)
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        let rows = self
            .ask(|done| Command::DeadLetters { limit, done })
            .await?;
        let queues = self.shared.queues();
        let letter = |row: journal::DeadRow| {
            let queue = usize::try_from(row.queue)
                .ok()
                .and_then(|queue| queues.get(queue));
            Some(DeadLetter {
                id: row.id,
                queue: queue
                    .map(|queue| queue.name.to_string())
                    .unwrap_or_default(),
                reason: row.reason,
                died_at: DateTime::from_timestamp_micros(row.died_at).unwrap_or_default(),
                attempts: u32::try_from(row.attempts).unwrap_or(0),
                envelope: Envelope::from_bytes(&row.body).ok()?,
            })
        };
        Ok(rows.into_iter().filter_map(letter).collect())
    }

    async fn replay(&self, id: &str, may: May) -> Result<(), Error> {
        self.ask(|done| Command::Replay {
            id: id.to_owned(),
            may,
            done,
        })
        .await
    }

    async fn dead_count(&self) -> Result<u64, Error> {
        let counts = self.ask(|done| Command::DeadCounts { done }).await?;
        let counts = counts.into_iter().map(|(_, count)| count);
        Ok(u64::try_from(counts.sum::<i64>()).unwrap_or_default())
    }

    async fn depths(&self) -> Result<Vec<Depth>, Error> {
        let counts = self.ask(|done| Command::DeadCounts { done }).await?;
        let dead: HashMap<usize, u64> = counts
            .into_iter()
            .filter_map(|(queue, count)| {
                Some((usize::try_from(queue).ok()?, u64::try_from(count).ok()?))
            })
            .collect();
        let queues = self.shared.queues();
        let depth = |(index, queue): (usize, &queue::Queue)| Depth {
            queue: queue.name.to_string(),
            ready: queue.ready(),
            dead: dead.get(&index).copied().unwrap_or(0),
        };
        Ok(queues.iter().enumerate().map(depth).collect())
    }

    fn is_ready(&self) -> bool {
        !self.closed.load(Ordering::Acquire)
    }

    async fn delete_namespace(&self) -> Result<(), Error> {
        self.ask(|done| Command::Clear { done }).await
    }

    async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.closed.store(true, Ordering::Release);
        self.shared.taps.lock().clear();
        let (done, wait) = oneshot::channel();
        if self.shared.commands.send(Command::Close { done }).is_ok() {
            // The thread ends after its answer, so an error means that it has ended already.
            let _ = wait.await;
        }
    }
}

impl Drop for Embedded {
    /// Consumers hold the queues, not the bus: without it they stop.
    fn drop(&mut self) {
        self.closing.cancel();
    }
}
