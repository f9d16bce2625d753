//! `proto/contract.lock`, written and read.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};

use super::entry::{Contract, Entry, range};

/// What stands at its top.
pub(super) const HEAD: &str = "\
# Every message and field of proto/, as others count on them. Written by `make contract`; `make lint`
# refuses a change that would misread a message already in a queue. Do not edit by hand, but to drop a
# message for good (with the reason in the commit).
";

/// The lock of a contract.
pub(super) fn render(contract: &Contract) -> String {
    let mut text = HEAD.to_owned();
    for (name, entry) in contract {
        let event = entry
            .event
            .as_ref()
            .map_or(String::new(), |event| format!(" = {event}"));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{} {name}{event}", entry.kind);
        for (number, (field, kind)) in &entry.fields {
            let _ = writeln!(text, "{}", format!("  {number} {field} {kind}").trim_end());
        }
        for (from, to) in &entry.numbers {
            let _ = writeln!(text, "  reserved {}", range(*from, *to));
        }
        for name in &entry.names {
            let _ = writeln!(text, "  reserved \"{name}\"");
        }
    }
    text
}

/// The contract of a lock.
pub(super) fn parse(text: &str) -> Result<Contract> {
    let mut contract = Contract::new();
    let mut current = None;
    for (i, line) in text.lines().enumerate() {
        let at = || format!("line {}: {line:?} is not understood", i + 1);
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(fact) = line.strip_prefix("  ") else {
            let (kind, rest) = line.split_once(' ').with_context(at)?;
            let (name, event) = match rest.split_once(" = ") {
                Some((name, event)) => (name, Some(event.to_owned())),
                None => (rest, None),
            };
            let entry = Entry {
                kind: kind.to_owned(),
                event,
                ..Entry::default()
            };
            contract.insert(name.to_owned(), entry);
            current = Some(name.to_owned());
            continue;
        };
        let entry = current
            .as_ref()
            .and_then(|name| contract.get_mut(name))
            .with_context(at)?;
        parse_fact(entry, fact).with_context(at)?;
    }
    Ok(contract)
}

fn parse_fact(entry: &mut Entry, fact: &str) -> Result<()> {
    let (first, rest) = fact.split_once(' ').context("a fact has two words")?;
    if first != "reserved" {
        let (name, kind) = rest.split_once(' ').unwrap_or((rest, ""));
        let field = (name.to_owned(), kind.to_owned());
        if entry.fields.insert(first.parse()?, field).is_some() {
            bail!("the number {first} stands twice");
        }
    } else if let Some(name) = rest.strip_prefix('"') {
        entry.names.insert(name.trim_end_matches('"').to_owned());
    } else {
        let (from, to) = rest.split_once(" to ").unwrap_or((rest, rest));
        entry.numbers.insert((from.parse()?, to.parse()?));
    }
    Ok(())
}
