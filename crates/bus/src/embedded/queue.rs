//! The queues in memory: ids of what waits, and the bodies of a bounded number at the front.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use events::Envelope;
use tokio::sync::Notify;

use super::journal::{Contents, Row};
use crate::topic;

/// About how many bytes of bodies a queue keeps in memory; the rest stays on disk until its turn comes.
const WINDOW_BYTES: usize = 4 << 20;
/// How many bodies are fetched from disk at once.
const FETCH: usize = 64;
/// What an envelope takes besides its data, roughly.
const OVERHEAD: usize = 600;

/// A waiting delivery. About 48 bytes, so that a million of them can wait.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: i64,
    /// The number of the first delivery since the last repeat was ordered.
    pub(super) attempt: u32,
    pub(super) retries: u32,
    /// Deliveries started since then and not settled.
    pub(super) starts: u32,
    /// It was there before this process was: its start is journalled before it is handled, because it
    /// may be what killed the last one.
    pub(super) left_over: bool,
    pub(super) event: Option<Arc<Envelope>>,
}

pub(super) struct Queue {
    pub(super) name: Arc<str>,
    patterns: Vec<String>,
    ready: VecDeque<Entry>,
    in_memory: usize,
    fetching: bool,
    /// One waiter is woken for each entry that becomes ready.
    pub(super) wake: Arc<Notify>,
}

/// What a consumer finds.
#[derive(Debug)]
pub(super) enum Next {
    Entry(Entry),
    /// The front's body is on disk; the caller asks the journal for it.
    Fetch,
    Nothing,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Delayed {
    due: i64,
    seq: i64,
    queue: usize,
    attempt: u32,
    retries: u32,
    starts: u32,
    left_over: bool,
}

#[derive(Default)]
pub(super) struct Queues {
    list: Vec<Queue>,
    by_name: HashMap<Arc<str>, usize>,
    /// Which queues take a type: worked out once, forgotten when a binding is added.
    routes: HashMap<String, Arc<[usize]>>,
    delayed: BinaryHeap<Reverse<Delayed>>,
}

impl Queues {
    pub(super) fn load(contents: Contents) -> Self {
        let mut queues = Self::default();
        for (id, name) in contents.queues {
            // Rows name queues by id, so every id keeps its place.
            while i64::try_from(queues.list.len()).is_ok_and(|next| next < id) {
                queues.declare(&format!("unused-{}", queues.list.len()), &[]);
            }
            queues.declare(&name, &[]);
        }
        for (queue, pattern) in contents.bindings {
            if let Some(queue) = usize::try_from(queue)
                .ok()
                .and_then(|i| queues.list.get_mut(i))
            {
                queue.patterns.push(pattern);
            }
        }
        for row in contents.rows {
            queues.restore(row, !contents.clean);
        }
        queues
    }

    fn restore(&mut self, row: Row, left_over: bool) {
        let Ok(queue) = usize::try_from(row.queue) else {
            return;
        };
        let count = |n: i32| u32::try_from(n).unwrap_or(0);
        let entry = Entry {
            seq: row.seq,
            attempt: count(row.attempt),
            retries: count(row.retries),
            starts: count(row.starts),
            left_over,
            event: None,
        };
        match row.due {
            Some(due) => self.delay(queue, due, &entry),
            None => {
                if let Some(queue) = self.list.get_mut(queue) {
                    queue.ready.push_back(entry);
                }
            }
        }
    }

    /// Adds the queue and the bindings that are not there yet; returns its index.
    pub(super) fn declare(&mut self, name: &str, patterns: &[String]) -> usize {
        let index = self.by_name.get(name).copied().unwrap_or_else(|| {
            let name: Arc<str> = name.into();
            self.list.push(Queue {
                name: name.clone(),
                patterns: Vec::new(),
                ready: VecDeque::new(),
                in_memory: 0,
                fetching: false,
                wake: Arc::default(),
            });
            self.by_name.insert(name, self.list.len() - 1);
            self.list.len() - 1
        });
        if let Some(queue) = self.list.get_mut(index) {
            for pattern in patterns {
                if !queue.patterns.contains(pattern) {
                    queue.patterns.push(pattern.clone());
                }
            }
        }
        self.routes.clear();
        index
    }

    /// The queues that take events of this type.
    pub(super) fn route(&mut self, kind: &str) -> Arc<[usize]> {
        if let Some(route) = self.routes.get(kind) {
            return route.clone();
        }
        let takes = |queue: &Queue| queue.patterns.iter().any(|p| topic::matches(p, kind));
        let route: Arc<[usize]> = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, q)| takes(q))
            .map(|(i, _)| i)
            .collect();
        self.routes.insert(kind.to_owned(), route.clone());
        route
    }

    pub(super) fn get(&self, queue: usize) -> Option<&Queue> {
        self.list.get(queue)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Queue> {
        self.list.iter()
    }

    /// A stored event becomes ready in a queue.
    pub(super) fn push(&mut self, queue: usize, seq: i64, event: Arc<Envelope>) {
        let Some(queue) = self.list.get_mut(queue) else {
            return;
        };
        let size = size(&event);
        let room = queue.in_memory + size <= WINDOW_BYTES;
        let event = room.then_some(event);
        queue.in_memory += if room { size } else { 0 };
        queue.push(Entry {
            seq,
            attempt: 1,
            retries: 0,
            starts: 0,
            left_over: false,
            event,
        });
    }

    pub(super) fn pop(&mut self, queue: usize) -> Next {
        let Some(queue) = self.list.get_mut(queue) else {
            return Next::Nothing;
        };
        match queue.ready.front() {
            None => Next::Nothing,
            Some(Entry { event: None, .. }) if queue.fetching => Next::Nothing,
            Some(Entry { event: None, .. }) => {
                queue.fetching = true;
                Next::Fetch
            }
            Some(Entry { event: Some(_), .. }) => match queue.ready.pop_front() {
                Some(entry) => {
                    let freed = entry.event.as_deref().map_or(0, size);
                    queue.in_memory = queue.in_memory.saturating_sub(freed);
                    Next::Entry(entry)
                }
                None => Next::Nothing,
            },
        }
    }

    /// Which bodies to fetch for the front of a queue.
    pub(super) fn wanted(&self, queue: usize) -> Vec<i64> {
        let Some(queue) = self.list.get(queue) else {
            return Vec::new();
        };
        let front = queue.ready.iter().take(FETCH);
        let mut seqs: Vec<i64> = front
            .filter(|entry| entry.event.is_none())
            .map(|entry| entry.seq)
            .collect();
        // Repeats stand behind younger events.
        seqs.sort_unstable();
        seqs
    }

    /// Brings fetched bodies in. Entries that were wanted and not found are dropped: nobody can handle them.
    pub(super) fn fetched(
        &mut self,
        queue: usize,
        wanted: &[i64],
        mut events: HashMap<i64, Arc<Envelope>>,
    ) {
        let Some(queue) = self.list.get_mut(queue) else {
            return;
        };
        queue.fetching = false;
        let mut lost = Vec::new();
        // A little further than was asked for: others may have been put back in front meanwhile.
        for entry in queue.ready.iter_mut().take(FETCH * 2) {
            if entry.event.is_none() && wanted.binary_search(&entry.seq).is_ok() {
                match events.remove(&entry.seq) {
                    Some(event) => {
                        queue.in_memory += size(&event);
                        entry.event = Some(event);
                    }
                    None => lost.push(entry.seq),
                }
            }
        }
        if !lost.is_empty() {
            queue.ready.retain(|entry| !lost.contains(&entry.seq));
        }
        queue.wake.notify_waiters();
        queue.wake.notify_one();
    }

    /// The bodies could not be read; its consumers may ask again.
    pub(super) fn fetch_failed(&mut self, queue: usize) {
        if let Some(queue) = self.list.get_mut(queue) {
            queue.fetching = false;
            queue.wake.notify_waiters();
            queue.wake.notify_one();
        }
    }

    /// A delivery comes back unsettled: to its old place, the front.
    pub(super) fn put_back(&mut self, queue: usize, entry: Entry) {
        let Some(queue) = self.list.get_mut(queue) else {
            return;
        };
        queue.in_memory += entry.event.as_deref().map_or(0, size);
        let at = queue
            .ready
            .iter()
            .position(|e| e.seq > entry.seq)
            .unwrap_or(queue.ready.len());
        queue.ready.insert(at, entry);
        queue.wake.notify_one();
    }

    /// A delivery waits until `due` (microseconds of the epoch). Its body goes back to the disk.
    pub(super) fn delay(&mut self, queue: usize, due: i64, entry: &Entry) {
        self.delayed.push(Reverse(Delayed {
            due,
            seq: entry.seq,
            queue,
            attempt: entry.attempt,
            retries: entry.retries,
            starts: entry.starts,
            left_over: entry.left_over,
        }));
    }

    /// Makes ready what is due, and says when the next one is.
    pub(super) fn release_due(&mut self, now: i64) -> Option<i64> {
        while let Some(Reverse(first)) = self.delayed.peek() {
            if first.due > now {
                return Some(first.due);
            }
            let Some(Reverse(due)) = self.delayed.pop() else {
                break;
            };
            if let Some(queue) = self.list.get_mut(due.queue) {
                queue.push(Entry {
                    seq: due.seq,
                    attempt: due.attempt,
                    retries: due.retries,
                    starts: due.starts,
                    left_over: due.left_over,
                    event: None,
                });
            }
        }
        None
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Queue {
    fn push(&mut self, entry: Entry) {
        self.ready.push_back(entry);
        self.wake.notify_one();
    }

    pub(super) fn ready(&self) -> u64 {
        self.ready.len() as u64
    }
}

fn size(event: &Envelope) -> usize {
    event.data.len() + OVERHEAD
}
