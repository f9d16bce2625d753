//! `proto/` against `proto/contract.lock`: what other processes, and messages that already lie in a
//! queue, count on.

mod compare;
mod entry;
mod lock;
mod read;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use compare::compare;
use entry::Contract;
use lock::{parse, render};
pub use read::descriptors;
use read::read;

/// Whether additions are written or only listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// List them.
    Check,
    /// Write them to the lock.
    Write,
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
