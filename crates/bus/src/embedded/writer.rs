//! The thread that owns the journal. It takes whatever has been asked of it meanwhile, writes all of it
//! in one transaction, and only then lets the askers know: a commit costs a flush of the disk, so the
//! busier the bus, the cheaper each event.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use clock::Clock;
use diesel::result::QueryResult;
use events::Envelope;
use tokio::sync::oneshot;
use tracing::{error, info};

use super::command::Command;
use super::journal::{DeadRow, Fate, Journal};
use super::lock;
use super::queue::Queues;
use super::shared::Shared;
use super::told::Told;
use crate::Error;
use crate::dead::KEPT_DAYS;

/// How long what deliveries have come to waits for company before it is journalled, though others are written meanwhile. A crash
/// within it means a delivery is repeated, which consumers expect anyway.
const LAZY: Duration = Duration::from_millis(10);
/// How many commands go into one transaction at most.
const BATCH: usize = 4096;

pub(super) struct Writer {
    journal: Journal,
    shared: Weak<Shared>,
    next_seq: i64,
    told: Arc<Told>,
    /// When what was told goes to the disk.
    due: Option<Instant>,
    /// Fates on their way to the disk. They survive a failed commit and go with the next.
    fates: BTreeMap<i64, Fate>,
    /// Held as long as the journal is.
    _lock: File,
}

impl Writer {
    /// Opens the journal; refuses a folder that another process uses.
    pub(super) fn open(dir: &Path) -> Result<(Self, Queues), Error> {
        std::fs::create_dir_all(dir)
            .map_err(|error| Error::Config(format!("{} cannot be made: {error}", dir.display())))?;
        let lock = lock::take(dir)?;
        let (journal, contents) = Journal::open(&dir.join("bus.db")).map_err(Error::Journal)?;
        let next_seq = contents.rows.last().map_or(1, |row| row.seq + 1);
        info!(
            waiting = contents.rows.len(),
            queues = contents.queues.len(),
            clean = contents.clean,
            "embedded bus opened"
        );
        let queues = Queues::load(contents);
        let fates = BTreeMap::new();
        Ok((
            Self {
                journal,
                shared: Weak::new(),
                next_seq,
                told: Arc::default(),
                due: None,
                fates,
                _lock: lock,
            },
            queues,
        ))
    }

    /// What deliveries have come to, for whoever does not wait for it.
    pub(super) fn told(&self) -> Arc<Told> {
        self.told.clone()
    }

    /// Runs until it is told to close or nobody can ask any more.
    pub(super) fn run(mut self, shared: Weak<Shared>, inbox: Receiver<Command>) {
        self.shared = shared;
        while let Some(batch) = self.gather(&inbox) {
            if let Some(closed) = self.work(batch) {
                // The journal and the lock are free before the closer hears of it.
                drop(self);
                let _ = closed.send(());
                return;
            }
        }
        self.take_told();
        if self.commit(Vec::new()) {
            let _ = self.journal.set_clean(true);
        }
    }

    /// Takes what has piled up, or nothing when it is time for what was told. `None`: nobody can ask any more.
    fn gather(&self, inbox: &Receiver<Command>) -> Option<Vec<Command>> {
        let first = match self.due {
            None => inbox.recv().ok()?,
            Some(due) => match inbox.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => return None,
            },
        };
        let more = inbox.try_iter().take(BATCH - 1);
        Some(std::iter::once(first).chain(more).collect())
    }

    /// Adds what was told to what goes to the disk.
    fn take_told(&mut self) {
        self.due = None;
        for (seq, fate) in self.told.take() {
            self.add(seq, fate);
        }
    }

    /// Of what a delivery has come to the last is enough, but for a start after a repeat was ordered: that is counted there. A start
    /// that is told late does not undo an end.
    fn add(&mut self, seq: i64, fate: Fate) {
        match (self.fates.get_mut(&seq), &fate) {
            (Some(Fate::Retry { starts, .. }), Fate::Started { starts: now }) => *starts = *now,
            (Some(Fate::Done | Fate::Dead { .. }), Fate::Started { .. }) => {}
            _ => drop(self.fates.insert(seq, fate)),
        }
    }

    /// Does a batch; returns whom to tell when it was the last.
    fn work(&mut self, batch: Vec<Command>) -> Option<oneshot::Sender<()>> {
        let mut writes = Vec::with_capacity(batch.len());
        let mut last = None;
        for command in batch {
            match command {
                Command::Close { done } => last = Some(done),
                #[cfg(test)]
                Command::Crash { done } => return Some(done),
                Command::Settle => drop(self.due.get_or_insert_with(|| Instant::now() + LAZY)),
                command => writes.push(command),
            }
        }
        let is_time = self.due.is_some_and(|due| due <= Instant::now());
        // Whoever asks what the journal holds wants all of it.
        if is_time || last.is_some() || !writes.iter().all(only_adds) {
            self.take_told();
        }
        if !self.commit(writes) && last.is_some() {
            error!(
                "the bus journal could not be written at close; some deliveries will be repeated"
            );
        } else if last.is_some()
            && let Err(error) = self.journal.set_clean(true)
        {
            error!(%error, "the bus journal could not be marked as closed");
        }
        last
    }

    /// Writes a batch in one transaction, then acts on it. False if it could not be written.
    fn commit(&mut self, batch: Vec<Command>) -> bool {
        let mut writes = Vec::with_capacity(batch.len());
        let mut waiting = Vec::new();
        for command in batch {
            match command {
                Command::Fate { seq, fate, done } => {
                    self.add(seq, fate);
                    waiting.push(done);
                }
                command => writes.push(command),
            }
        }
        if writes.is_empty() && self.fates.is_empty() {
            return true;
        }
        let before = self.next_seq;
        let (fates, next_seq) = (&self.fates, &mut self.next_seq);
        let written = self.journal.transaction(|journal| {
            for (seq, fate) in fates {
                journal.settle(*seq, fate)?;
            }
            writes
                .iter()
                .map(|command| write(journal, next_seq, command))
                .collect::<QueryResult<Vec<_>>>()
        });
        match written {
            Ok(effects) => {
                self.fates.clear();
                for (command, effect) in writes.into_iter().zip(effects) {
                    self.act(command, effect);
                }
                waiting.into_iter().for_each(|done| drop(done.send(Ok(()))));
                true
            }
            Err(error) => {
                self.next_seq = before;
                error!(%error, "the bus journal could not be written");
                let failed = || Error::Journal(error.to_string());
                writes
                    .into_iter()
                    .for_each(|command| self.refuse(command, &failed));
                waiting
                    .into_iter()
                    .for_each(|done| drop(done.send(Err(failed()))));
                false
            }
        }
    }

    /// What follows once a command is on disk.
    fn act(&mut self, command: Command, effect: Effect) {
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        match (command, effect) {
            (Command::Store { events, done }, Effect::Stored(mut seq)) => {
                let mut queues = shared.queues();
                for (event, route) in &events {
                    for queue in route.iter() {
                        queues.push(*queue, seq, event.clone());
                        seq += 1;
                    }
                }
                drop(queues);
                let _ = done.send(Ok(()));
                events
                    .into_iter()
                    .for_each(|(event, _)| shared.show(&event));
            }
            (Command::Fetch { queue }, _) => self.fetch(&shared, queue),
            (Command::Replay { done, .. }, Effect::Replayed(queue, seq, event)) => {
                if let Ok(queue) = usize::try_from(queue) {
                    shared.queues().push(queue, seq, event);
                }
                let _ = done.send(Ok(()));
            }
            (Command::Replay { id, done, .. }, _) => {
                let _ = done.send(Err(Error::NoSuchDeadLetter(id)));
            }
            (Command::Clear { done }, _) => {
                shared.queues().clear();
                let _ = done.send(Ok(()));
            }
            (Command::Declare { done, .. }, _) => drop(done.send(Ok(()))),
            (Command::DeadLetters { done, .. }, Effect::Dead(rows)) => drop(done.send(Ok(rows))),
            (Command::DeadCounts { done }, Effect::Counts(counts)) => drop(done.send(Ok(counts))),
            _ => {}
        }
    }

    fn refuse(&mut self, command: Command, failed: &dyn Fn() -> Error) {
        match command {
            Command::Store { done, .. }
            | Command::Declare { done, .. }
            | Command::Replay { done, .. }
            | Command::Clear { done } => drop(done.send(Err(failed()))),
            Command::DeadLetters { done, .. } => drop(done.send(Err(failed()))),
            Command::DeadCounts { done } => drop(done.send(Err(failed()))),
            Command::Fetch { queue } => {
                // Reading needs no transaction of its own.
                if let Some(shared) = self.shared.upgrade() {
                    self.fetch(&shared, queue);
                }
            }
            _ => {}
        }
    }

    fn fetch(&mut self, shared: &Shared, queue: usize) {
        let wanted = shared.queues().wanted(queue);
        let bodies = match self.journal.bodies(&wanted) {
            Ok(bodies) => bodies,
            Err(error) => {
                error!(%error, "the bus journal could not be read");
                // Whoever waits for the bodies asks again at once; not in a tight loop.
                std::thread::sleep(LAZY * 10);
                return shared.queues().fetch_failed(queue);
            }
        };
        let mut events = HashMap::with_capacity(bodies.len());
        for (seq, body) in bodies {
            match Envelope::from_bytes(&body) {
                Ok(event) => drop(events.insert(seq, Arc::new(event))),
                Err(error) => {
                    error!(seq, %error, "an event in the bus journal is damaged and stays there")
                }
            }
        }
        shared.queues().fetched(queue, &wanted, events);
    }
}

/// What a command brought back from the journal.
enum Effect {
    /// The first sequence number of the stored events.
    Stored(i64),
    /// The queue, and the event that goes back with a new number.
    Replayed(i64, i64, Arc<Envelope>),
    Dead(Vec<DeadRow>),
    Counts(Vec<(i64, i64)>),
    Nothing,
}

fn write(journal: &mut Journal, next_seq: &mut i64, command: &Command) -> QueryResult<Effect> {
    Ok(match command {
        Command::Store { events, .. } => {
            let first = *next_seq;
            for (event, route) in events {
                let body = event.to_bytes();
                for queue in route.iter() {
                    journal.store(*next_seq, id(*queue), &body)?;
                    *next_seq += 1;
                }
            }
            Effect::Stored(first)
        }
        Command::Declare {
            queue,
            name,
            patterns,
            ..
        } => {
            journal.declare(id(*queue), name, patterns)?;
            Effect::Nothing
        }
        Command::Replay { id, may, .. } => {
            let row = journal.dead_letter(id)?;
            // One that is damaged is not listed either, and nobody could handle it.
            let read = row.and_then(|row| Some((Envelope::from_bytes(&row.body).ok()?, row)));
            match read {
                Some((event, row)) if may(&event) => {
                    let seq = *next_seq;
                    journal.replay(&row, seq)?;
                    *next_seq += 1;
                    Effect::Replayed(row.queue, seq, Arc::new(event))
                }
                _ => Effect::Nothing,
            }
        }
        // Readiness counts them every few seconds; that is when old ones go.
        Command::DeadLetters { limit, .. } => {
            journal.expire_dead_letters(too_old())?;
            Effect::Dead(journal.dead_letters(*limit)?)
        }
        Command::DeadCounts { .. } => {
            journal.expire_dead_letters(too_old())?;
            Effect::Counts(journal.dead_counts()?)
        }
        Command::Clear { .. } => {
            journal.clear()?;
            Effect::Nothing
        }
        _ => Effect::Nothing,
    })
}

/// Whether a command neither reads what the journal holds nor changes it.
fn only_adds(command: &Command) -> bool {
    matches!(command, Command::Store { .. } | Command::Declare { .. })
}

fn id(queue: usize) -> i64 {
    i64::try_from(queue).unwrap_or(i64::MAX)
}

/// When a dead letter must have died to be forgotten now, in microseconds of the epoch.
fn too_old() -> i64 {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    now() - i64::from(KEPT_DAYS) * DAY
}

/// Now, in microseconds of the epoch.
pub(super) fn now() -> i64 {
    Clock::system().now().timestamp_micros()
}
