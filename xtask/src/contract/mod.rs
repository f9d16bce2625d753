//! `proto/` against `proto/contract.lock`: what other processes, and messages that already lie in a
//! queue, count on.

mod compare;
mod lock;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use compare::compare;
use lock::{parse, render};
use read::read;

/// Whether additions are written or only listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// List them.
    Check,
    /// Write them to the lock.
    Write,
}

/// Messages and enums by full name.
type Contract = BTreeMap<String, Entry>;

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Entry {
    /// `message` or `enum`.
    kind: String,
    /// The option `(type)`: the event's routing key.
    event: Option<String>,
    /// Name and type by number.
    fields: BTreeMap<i64, (String, String)>,
    /// Reserved numbers, both ends included.
    numbers: BTreeSet<(i64, i64)>,
    names: BTreeSet<String>,
}

impl Entry {
    fn reserves(&self, number: i64, name: &str) -> bool {
        self.reserves_number(number) && self.names.contains(name)
    }

    fn reserves_number(&self, number: i64) -> bool {
        self.numbers
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&number))
    }

    /// The lowest number above all that are or were in use.
    fn next(&self, old: &Entry) -> i64 {
        let used = self.fields.keys().chain(old.fields.keys()).copied();
        let reserved = self
            .numbers
            .iter()
            .map(|(_, to)| *to)
            .filter(|to| *to < 100_000);
        used.chain(reserved).max().unwrap_or(0) + 1
    }
}

/// Compares, says what it found, and writes the lock when asked and allowed.
pub fn run(root: &Path, mode: Mode, out: &mut dyn Write) -> Result<bool> {
    let lock = root.join("proto/contract.lock");
    let old = match fs::read_to_string(&lock) {
        Ok(text) => parse(&text).context("proto/contract.lock")?,
        Err(_) => Contract::new(),
    };
    let new = read(&root.join("proto"))?;
    let difference = compare(&old, &new);
    for broken in &difference.broken {
        writeln!(out, "error: {broken}")?;
    }
    for added in &difference.added {
        writeln!(out, "new: {added}")?;
    }
    if !difference.broken.is_empty() {
        writeln!(out, "contract: {} to mend", difference.broken.len())?;
        return Ok(false);
    }
    if difference.added.is_empty() {
        writeln!(out, "contract: in order, {} messages", new.len())?;
    } else if mode == Mode::Check {
        writeln!(
            out,
            "contract: {} new, not yet in proto/contract.lock: run `make contract` and commit it",
            difference.added.len()
        )?;
        return Ok(false);
    }
    if mode == Mode::Write {
        fs::write(&lock, render(&new)).context("proto/contract.lock cannot be written")?;
        writeln!(out, "contract: {} new written", difference.added.len())?;
    }
    Ok(true)
}

fn range(from: i64, to: i64) -> String {
    if from == to {
        from.to_string()
    } else {
        format!("{from} to {to}")
    }
}
