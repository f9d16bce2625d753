//! Identifiers and choices, all from the seed, so that a run repeats.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Counts per kind of thing: two calls that run at the same time do not change each other's message ids.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    counts: BTreeMap<&'static str, u64>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            counts: BTreeMap::new(),
        }
    }

    /// A SID: two letters and 32 hex digits.
    pub(crate) fn sid(&mut self, prefix: &'static str) -> String {
        let (high, low) = (self.next(prefix), self.next(prefix));
        format!("{prefix}{high:016x}{low:016x}")
    }

    /// The secret of an API key.
    pub(crate) fn secret(&mut self) -> String {
        let (high, low) = (self.next("secret"), self.next("secret"));
        format!("{high:016x}{low:016x}")
    }

    /// The value of `I-Twilio-Idempotency-Token`.
    pub(crate) fn token(&mut self) -> String {
        let (a, b) = (self.next("token"), self.next("token"));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a & 0xffff,
            (a >> 16) & 0xfff,
            b & 0xfff,
            b >> 16
        )
    }

    /// A number below `below` (which is at least 1).
    pub(crate) fn pick(&mut self, kind: &'static str, below: u64) -> u64 {
        self.next(kind) % below.max(1)
    }

    fn next(&mut self, kind: &'static str) -> u64 {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        mix(self.seed, kind, *count)
    }
}

/// A well-spread value for the nth thing of a kind. `DefaultHasher::new` has fixed keys, so it is the same in every run.
pub(crate) fn mix(seed: u64, kind: &str, count: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, kind, count).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn same_seed_gives_the_same_sids() {
        let (mut one, mut two, mut other) = (Ids::new(7), Ids::new(7), Ids::new(8));
        let sid = one.sid("CA");
        two.sid("SM");
        assert_eq!(sid, two.sid("CA"));
        assert_ne!(sid, one.sid("CA"));
        assert_ne!(sid, other.sid("CA"));
        assert_eq!(sid.len(), 34);
        assert_eq!(one.token().len(), 36);
    }
}
