//! The dead letters: one queue, gone through by taking messages and putting them back.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use clock::Clock;
use events::Envelope;
use lapin::message::BasicGetMessage;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicNackOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel};
use tokio::sync::OwnedMutexGuard;

use super::connection::Session;
use super::shared::{Core, LONG_PATIENCE};
use super::topology::Names;
use super::{consume, headers};
use crate::dead::letter_id;
use crate::handle::{DELIVERY_LIMIT, POISON};
use crate::transport::May;
use crate::{DeadLetter, Error};

/// How many dead letters are looked at to count them by queue.
const COUNTED: usize = 1000;

/// Brings a scan to its end even if whoever asked for it no longer waits, as a caller does who hangs up. Else what it
/// has taken would stay hidden, and the lock shut everybody else out for as long as our connection lives.
async fn run_to_completion<T: Send + 'static>(
    scan: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match tokio::spawn(scan).await {
        Ok(result) => result,
        Err(error) => Err(Error::Unavailable(error.to_string())),
    }
}

impl Core {
    pub(super) async fn dead_letters(
        self: &Arc<Self>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        let core = self.clone();
        let permit = ScanPermit::come(&core).await?;
        run_to_completion(async move { core.list(permit, limit).await }).await
    }

    pub(super) async fn dead_count(&self) -> Result<u64, Error> {
        let session = self.session(LONG_PATIENCE).await?;
        let waiting = session.waiting(self.names.dead.clone()).await?;
        waiting
            .map(u64::from)
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    pub(super) async fn replay(self: &Arc<Self>, id: &str, may: May) -> Result<(), Error> {
        let (core, id) = (self.clone(), id.to_owned());
        let permit = ScanPermit::come(&core).await?;
        run_to_completion(async move {
            let scan = DeadLetterScan::begin(&core, permit).await?;
            let result = scan.replay(&core, &id, may).await;
            scan.end().await;
            result
        })
        .await
    }

    async fn list(&self, permit: ScanPermit, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        let scan = DeadLetterScan::begin(self, permit).await?;
        let mut seen = HashSet::new();
        let mut letters = Vec::new();
        let listed = loop {
            if letters.len() >= limit {
                break Ok(letters);
            }
            match scan.take().await {
                Ok(Some(message)) => {
                    let letter = letter(&self.names, message);
                    if seen.insert(letter.id.clone()) {
                        letters.push(letter);
                    }
                }
                Ok(None) => break Ok(letters),
                Err(error) => break Err(error),
            }
        };
        scan.end().await;
        listed
    }

    /// Dead letters by queue; beyond a thousand only the first thousand are counted.
    pub(super) async fn dead_counts(self: &Arc<Self>) -> Result<BTreeMap<String, u64>, Error> {
        let session = self.session(LONG_PATIENCE).await?;
        let waiting = session.waiting(self.names.dead.clone()).await?;
        let waiting = waiting.map_err(|error| Error::Unavailable(error.to_string()))?;
        let mut counts = BTreeMap::new();
        // Mostly there are none, and then nobody needs to be disturbed.
        if waiting > 0 {
            for letter in self.dead_letters(COUNTED).await? {
                *counts.entry(letter.queue).or_default() += 1;
            }
        }
        Ok(counts)
    }
}

/// Ours is the next scan of this process. Whoever leaves while waiting for its permit has disturbed nobody.
struct ScanPermit {
    session: Arc<Session>,
    /// The broker's way to let only one in tells connections apart, this one the tasks of ours.
    alone: OwnedMutexGuard<()>,
}

impl ScanPermit {
    async fn come(core: &Core) -> Result<Self, Error> {
        let session = core.session(LONG_PATIENCE).await?;
        let alone = core.visiting.clone().lock_owned().await;
        Ok(Self { session, alone })
    }
}

/// One process alone with the dead letters. Those that it takes are hidden from everybody else until the scan
/// ends, so only one at a time may come: an exclusive queue is the broker's way to say so.
struct DeadLetterScan {
    _alone: OwnedMutexGuard<()>,
    session: Arc<Session>,
    names: Names,
    channel: Channel,
}

impl DeadLetterScan {
    async fn begin(core: &Core, permit: ScanPermit) -> Result<Self, Error> {
        let ScanPermit { session, alone } = permit;
        for _ in 0..100 {
            let channel = session.channel().await?;
            let options = QueueDeclareOptions {
                exclusive: true,
                auto_delete: false,
                ..Default::default()
            };
            let lock = core.names.dead_lock.clone();
            let locking = channel.queue_declare(lock, options, FieldTable::default());
            match session.answered(locking).await? {
                Ok(_) => {
                    let names = core.names.clone();
                    return Ok(Self {
                        _alone: alone,
                        session,
                        names,
                        channel,
                    });
                }
                Err(error) if matches!(error.kind(), lapin::ErrorKind::ProtocolError(_)) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => return Err(session.fail(&error)),
            }
        }
        Err(Error::Unavailable(
            "another process is busy with the dead letters".to_owned(),
        ))
    }

    async fn take(&self) -> Result<Option<BasicGetMessage>, Error> {
        let getting = self
            .channel
            .basic_get(self.names.dead.clone(), BasicGetOptions::default());
        self.session
            .answered(getting)
            .await?
            .map_err(|error| Error::Unavailable(error.to_string()))
    }

    async fn replay(
        &self,
        core: &Core,
        id: &str,
        may: impl Fn(&Envelope) -> bool + Send,
    ) -> Result<(), Error> {
        // All copies are found before one goes back: it could die again while we look, and that would be
        // a new letter, not a copy.
        let mut copies = Vec::new();
        while let Some(message) = self.take().await? {
            let acker = message.delivery.acker.clone();
            let letter = letter(&self.names, message);
            if letter.id == id && may(&letter.envelope) {
                copies.push((acker, letter));
            }
        }
        let Some((_, letter)) = copies.first() else {
            return Err(Error::NoSuchDeadLetter(id.to_owned()));
        };
        let properties = headers::persistent(&letter.envelope)?;
        let queue = core.names.queue(&letter.queue)?;
        consume::send(&self.session, queue, properties, &letter.envelope).await?;
        for (acker, _) in &copies {
            let acking = acker.ack(BasicAckOptions::default());
            let acked = self.session.answered(acking).await?;
            acked.map_err(|error| Error::Unavailable(error.to_string()))?;
        }
        Ok(())
    }

    /// Puts back what was taken and lets the next one in.
    async fn end(self) {
        let all = BasicNackOptions {
            multiple: true,
            requeue: true,
        };
        let returning = self.channel.basic_nack(0, all);
        let _ = self.session.answered(returning).await;
        let lock = self.names.dead_lock.clone();
        let unlocking = self
            .channel
            .queue_delete(lock, QueueDeleteOptions::default());
        let _ = self.session.answered(unlocking).await;
        self.session.close(self.channel).await;
    }
}

/// A dead letter from its message: we write who buried it and why; the broker only leaves its marks.
fn letter(names: &Names, message: BasicGetMessage) -> DeadLetter {
    let delivery = message.delivery;
    let envelope = headers::envelope(
        &delivery.properties,
        delivery.routing_key.as_str(),
        delivery.data,
    );
    let table = delivery.properties.headers().clone().unwrap_or_default();
    let by_us = headers::text(&table, headers::QUEUE);
    let queue = match by_us {
        Some(queue) => queue,
        None => {
            let first = headers::text(&table, "x-first-death-queue").unwrap_or_default();
            let last = last_death(&table).and_then(|death| headers::text(death, "queue"));
            names.strip(&last.unwrap_or(first)).to_owned()
        }
    };
    let died_at =
        headers::text(&table, headers::DIED_AT).and_then(|time| headers::parse_time(&time));
    DeadLetter {
        id: letter_id(&envelope.id, &queue),
        queue,
        reason: headers::text(&table, headers::REASON).unwrap_or_else(|| POISON.to_owned()),
        died_at: died_at
            .or_else(|| broker_time(&table))
            .unwrap_or_else(|| Clock::system().now()),
        attempts: headers::number(&table, headers::ATTEMPTS)
            .unwrap_or_else(|| deliveries(&delivery.properties)),
        envelope,
    }
}

/// How often the broker had delivered it when it gave it up.
fn deliveries(properties: &BasicProperties) -> u32 {
    let first = properties
        .headers()
        .as_ref()
        .and_then(|table| headers::number(table, headers::ATTEMPT));
    first.unwrap_or(1) + DELIVERY_LIMIT - 1
}

fn last_death(table: &FieldTable) -> Option<&FieldTable> {
    match table.inner().get("x-death")? {
        AMQPValue::FieldArray(deaths) => match deaths.as_slice().first()? {
            AMQPValue::FieldTable(death) => Some(death),
            _ => None,
        },
        _ => None,
    }
}

fn broker_time(table: &FieldTable) -> Option<clock::Time> {
    match last_death(table)?.inner().get("time")? {
        AMQPValue::Timestamp(seconds) => DateTime::from_timestamp(i64::try_from(*seconds).ok()?, 0),
        _ => None,
    }
}
