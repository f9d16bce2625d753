//! What the contract holds, one line each.

use std::collections::{BTreeMap, BTreeSet};

/// Messages and enums by full name.
pub(super) type Contract = BTreeMap<String, Entry>;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// `message` or `enum`.
    pub(super) kind: String,
    /// The option `(type)`: the event's routing key.
    pub(super) event: Option<String>,
    /// Name and type by number.
    pub(super) fields: BTreeMap<i64, (String, String)>,
    /// Reserved numbers, both ends included.
    pub(super) numbers: BTreeSet<(i64, i64)>,
    pub(super) names: BTreeSet<String>,
}

impl Entry {
    pub(super) fn reserves(&self, number: i64, name: &str) -> bool {
        self.reserves_number(number) && self.names.contains(name)
    }

    pub(super) fn reserves_number(&self, number: i64) -> bool {
        self.numbers
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&number))
    }

    /// The lowest number above all that are or were in use.
    pub(super) fn next(&self, old: &Entry) -> i64 {
        let used = self.fields.keys().chain(old.fields.keys()).copied();
        let reserved = self
            .numbers
            .iter()
            .map(|(_, to)| *to)
            .filter(|to| *to < 100_000);
        used.chain(reserved).max().unwrap_or(0) + 1
    }
}

pub(super) fn range(from: i64, to: i64) -> String {
    if from == to {
        from.to_string()
    } else {
        format!("{from} to {to}")
    }
}
