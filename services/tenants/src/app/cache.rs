//! What was looked up a moment ago. A fresh entry spares the database; an old one helps while it is away.

use std::collections::HashMap;

use chrono::Duration;
use clock::Time;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How long an entry is fresh.
pub const FRESH: Duration = Duration::seconds(30);
/// How long the database is left alone after it failed.
const REST: Duration = Duration::seconds(2);
/// More entries than this and all are dropped: their keys come from outside.
const CAPACITY: usize = 50_000;

/// Values by key, each with the tenant it belongs to.
pub struct Cache<V> {
    inner: RwLock<Inner<V>>,
}

struct Inner<V> {
    entries: HashMap<String, Entry<V>>,
    generation: u64,
}

struct Entry<V> {
    value: V,
    tenant: Option<String>,
    at: Time,
}

/// A permit to store what is about to be read: void as soon as something changes.
#[derive(Debug, Clone, Copy)]
pub struct Ticket(u64);

impl<V: Clone> Cache<V> {
    /// An empty one.
    pub fn new() -> Self {
        let (entries, generation) = (HashMap::new(), 0);
        Self {
            inner: RwLock::new(Inner {
                entries,
                generation,
            }),
        }
    }

    /// A fresh entry.
    pub fn fresh(&self, key: &str, now: Time) -> Option<V> {
        let inner = self.read();
        let entry = inner
            .entries
            .get(key)
            .filter(|entry| now - entry.at < FRESH)?;
        Some(entry.value.clone())
    }

    /// An entry of whatever age.
    pub fn stale(&self, key: &str) -> Option<V> {
        self.read()
            .entries
            .get(key)
            .map(|entry| entry.value.clone())
    }

    /// Take it before the database is read.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.read().generation)
    }

    /// Keeps a value, unless something has changed since the ticket was taken.
    pub fn keep(&self, ticket: Ticket, key: &str, tenant: Option<&str>, value: V, now: Time) {
        let mut inner = self.write();
        if inner.generation != ticket.0 {
            return;
        }
        if inner.entries.len() >= CAPACITY {
            inner.entries.clear();
        }
        let tenant = tenant.map(str::to_owned);
        inner.entries.insert(
            key.to_owned(),
            Entry {
                value,
                tenant,
                at: now,
            },
        );
    }

    /// Lets an old entry pass for fresh a little longer, so that not every call waits for a database that is away.
    pub fn rest(&self, key: &str, now: Time) {
        if let Some(entry) = self.write().entries.get_mut(key) {
            entry.at = now - FRESH + REST;
        }
    }

    /// Forgets all that a tenant's change may have touched: what is its own, this key, and what was nobody's.
    pub fn forget(&self, tenant: &str, key: &str) {
        let mut inner = self.write();
        inner.generation += 1;
        inner.entries.retain(|k, entry| {
            k != key && entry.tenant.as_deref().is_some_and(|owner| owner != tenant)
        });
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut inner = self.write();
        inner.generation += 1;
        inner.entries.clear();
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner<V>> {
        self.inner.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner<V>> {
        self.inner.write()
    }
}

impl<V: Clone> Default for Cache<V> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn at(seconds: i64) -> Time {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn fresh_for_a_while_and_stale_after() {
        let cache = Cache::new();
        cache.keep(cache.ticket(), "n", Some("t"), 1, at(0));
        assert_eq!(cache.fresh("n", at(29)), Some(1));
        assert_eq!(
            (cache.fresh("n", at(30)), cache.stale("n")),
            (None, Some(1))
        );
    }

    #[test]
    fn change_forgets_the_tenants_and_nobodys() {
        let cache = Cache::new();
        for (key, tenant) in [
            ("a", Some("t")),
            ("b", Some("u")),
            ("c", None),
            ("d", Some("u")),
        ] {
            cache.keep(cache.ticket(), key, tenant, key, at(0));
        }
        cache.forget("t", "d");
        let left: Vec<_> = ["a", "b", "c", "d"]
            .iter()
            .filter_map(|k| cache.stale(k))
            .collect();
        assert_eq!(left, ["b"]);
        cache.clear();
        assert_eq!(cache.stale("b"), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let cache = Cache::new();
        let ticket = cache.ticket();
        cache.forget("t", "n");
        cache.keep(ticket, "n", Some("t"), "old", at(0));
        assert_eq!(cache.stale("n"), None);
    }
}
