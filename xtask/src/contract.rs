//! `proto/` against `proto/contract.lock`: what other processes, and messages that already lie in a
//! queue, count on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, MessageDescriptor, Value};

const HEAD: &str = "\
# Every message and field of proto/, as others count on them. Written by `make contract`; `make lint`
# refuses a change that would misread a message already in a queue. Do not edit by hand, but to drop a
# message for good (with the reason in the commit).
";

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

#[derive(Debug, Default)]
struct Difference {
    broken: Vec<String>,
    added: Vec<String>,
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

fn compare(old: &Contract, new: &Contract) -> Difference {
    let mut difference = Difference::default();
    for (name, was) in old {
        let Some(is) = new.get(name) else {
            difference.broken.push(match &was.event {
                Some(event) => format!(
                    "event {event} ({name}) is gone: somebody may still send or await it; put it back with `option deprecated = true`, and when no release in use knows it, delete its lines in proto/contract.lock"
                ),
                None => format!(
                    "{} {name} is gone: put it back, or delete its lines in proto/contract.lock when no release in use knows it",
                    was.kind
                ),
            });
            continue;
        };
        if was.event != is.event {
            let shown = |event: &Option<String>| event.clone().unwrap_or_else(|| "none".to_owned());
            difference.broken.push(format!(
                "{name} was event {}, is now {}: put the type back and make a new message for the new event",
                shown(&was.event),
                shown(&is.event)
            ));
        }
        compare_fields(name, was, is, &mut difference);
    }
    for (name, is) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        difference.added.push(match &is.event {
            Some(event) => format!("event {event} ({name})"),
            None => format!("{} {name}", is.kind),
        });
    }
    difference
}

fn compare_fields(message: &str, was: &Entry, is: &Entry, difference: &mut Difference) {
    let next = is.next(was);
    for (number, (name, kind)) in &was.fields {
        let reserve = format!("write `reserved {number}; reserved \"{name}\";`");
        match is.fields.get(number) {
            Some((now, same)) if now == name && same == kind => {}
            Some((now, same)) if now == name => difference.broken.push(format!(
                "{message}: field {number} `{name}` was {kind}, is now {same}: keep the type, or {reserve} and add the new field as {next}"
            )),
            Some((now, _)) => difference.broken.push(format!(
                "{message}: number {number} was `{name}` and is now given to `{now}`: {reserve} and give `{now}` the number {next}"
            )),
            None if is.reserves(*number, name) => {
                difference.added.push(format!("{message}: field {number} `{name}` retired"));
            }
            None => match is.fields.iter().find(|(_, (now, _))| now == name) {
                Some((moved, _)) => difference.broken.push(format!(
                    "{message}: field `{name}` was {number}, is now {moved}: give it its old number back"
                )),
                None => difference.broken.push(format!(
                    "{message}: field {number} `{name}` is gone: {reserve} in its place"
                )),
            },
        }
    }
    for (from, to) in &was.numbers {
        if !(is.reserves_number(*from) && is.reserves_number(*to)) {
            difference.broken.push(format!(
                "{message}: {} was reserved and no longer is: an old message may still carry it; reserve it again",
                range(*from, *to)
            ));
        }
    }
    for name in was.names.difference(&is.names) {
        difference.broken.push(format!(
            "{message}: the name `{name}` was reserved and no longer is: reserve it again"
        ));
    }
    for (number, (name, kind)) in &is.fields {
        if !was.fields.contains_key(number) && !was.reserves_number(*number) {
            difference
                .added
                .push(format!("{message}: field {number} `{name}` {kind}"));
        }
    }
}

fn read(proto: &Path) -> Result<Contract> {
    let mut files = Vec::new();
    collect(proto, &mut files)?;
    files.sort();
    ensure!(
        !files.is_empty(),
        "no .proto file under {}",
        proto.display()
    );
    let mut compiler = protox::Compiler::new([proto])?;
    compiler.open_files(&files)?;
    Ok(contract(&compiler.descriptor_pool()))
}

fn collect(dir: &Path, files: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

fn contract(pool: &DescriptorPool) -> Contract {
    let ours = |package: &str| !package.starts_with("google.");
    let messages = pool.all_messages().filter(|m| ours(m.package_name()));
    let mut contract: Contract = messages
        .map(|m| (m.full_name().to_owned(), message(pool, &m)))
        .collect();
    for shape in pool.all_enums().filter(|e| ours(e.package_name())) {
        let fields = shape
            .values()
            .map(|v| (i64::from(v.number()), (v.name().to_owned(), String::new())))
            .collect();
        let numbers = shape
            .reserved_ranges()
            .map(|r| (i64::from(*r.start()), i64::from(*r.end())))
            .collect();
        let names = shape.reserved_names().map(str::to_owned).collect();
        let entry = Entry {
            kind: "enum".to_owned(),
            event: None,
            fields,
            numbers,
            names,
        };
        contract.insert(shape.full_name().to_owned(), entry);
    }
    contract
}

fn message(pool: &DescriptorPool, message: &MessageDescriptor) -> Entry {
    Entry {
        kind: "message".to_owned(),
        event: event(pool, message),
        fields: message
            .fields()
            .map(|f| (i64::from(f.number()), (f.name().to_owned(), shape(&f))))
            .collect(),
        numbers: message
            .reserved_ranges()
            .map(|r| (i64::from(r.start), i64::from(r.end) - 1))
            .collect(),
        names: message.reserved_names().map(str::to_owned).collect(),
    }
}

/// The event's type: the extension `type` of message options, in whatever package it is defined.
fn event(pool: &DescriptorPool, message: &MessageDescriptor) -> Option<String> {
    let options = message.options();
    let option = pool.all_extensions().find(|e| {
        e.name() == "type" && e.containing_message().full_name() == "google.protobuf.MessageOptions"
    })?;
    if !options.has_extension(&option) {
        return None;
    }
    match options.get_extension(&option).as_ref() {
        Value::String(event) => Some(event.clone()),
        _ => None,
    }
}

/// Label, type and oneof: `repeated string`, `optional uint32`, `trunkline.v1.Call`.
fn shape(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        prost_reflect::Kind::Message(m) => m.full_name().to_owned(),
        prost_reflect::Kind::Enum(e) => e.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    let optional = field.field_descriptor_proto().proto3_optional();
    let label = match field.cardinality() {
        Cardinality::Repeated => "repeated ",
        Cardinality::Required => "required ",
        Cardinality::Optional if optional => "optional ",
        Cardinality::Optional => "",
    };
    match field.containing_oneof().filter(|_| !optional) {
        Some(oneof) => format!("{label}{kind} oneof {}", oneof.name()),
        None => format!("{label}{kind}"),
    }
}

fn range(from: i64, to: i64) -> String {
    if from == to {
        from.to_string()
    } else {
        format!("{from} to {to}")
    }
}

fn render(contract: &Contract) -> String {
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

fn parse(text: &str) -> Result<Contract> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = "
        import 'google/protobuf/descriptor.proto';
        extend google.protobuf.MessageOptions { string type = 50001; }
    ";
    const MISSED: &str = "
        message Missed { option (type) = 'call.missed'; string reason = 1; repeated string tried = 2; optional uint32 wait_s = 3; }
    ";
    const ENUM: &str = "enum Colour { RED = 0; BLUE = 2; }";

    fn tree(body: &str) -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        let dir = tree.path().join("proto/t/v1");
        fs::create_dir_all(&dir).unwrap();
        fs::write(
            dir.join("all.proto"),
            format!("syntax = 'proto3'; package t.v1; {OPTIONS} {body}"),
        )
        .unwrap();
        tree
    }

    fn contract_of(body: &str) -> Contract {
        read(&tree(body).path().join("proto")).unwrap()
    }

    fn broken(old: &str, new: &str) -> Vec<String> {
        compare(&contract_of(old), &contract_of(new)).broken
    }

    #[test]
    fn the_lock_is_readable_and_reads_back() {
        let contract = contract_of(&format!(
            "{MISSED} {ENUM} message Old {{ reserved 4, 6 to 9; reserved 'gone'; }}"
        ));
        let text = render(&contract);
        assert_eq!(
            text.strip_prefix(HEAD).unwrap(),
            "\nenum t.v1.Colour\n  0 RED\n  2 BLUE\n\nmessage t.v1.Missed = call.missed\n  1 reason string\n  2 tried repeated string\n  3 wait_s optional uint32\n\nmessage t.v1.Old\n  reserved 4\n  reserved 6 to 9\n  reserved \"gone\"\n"
        );
        assert_eq!(parse(&text).unwrap(), contract);
    }

    #[test]
    fn what_is_added_is_no_fault() {
        let new = format!("{} {ENUM}", MISSED.replace("}", "string note = 4; }"));
        let difference = compare(&contract_of(MISSED), &contract_of(&new));
        assert!(difference.broken.is_empty());
        assert_eq!(
            difference.added,
            ["t.v1.Missed: field 4 `note` string", "enum t.v1.Colour"]
        );
    }

    #[test]
    fn a_removed_field_says_what_to_reserve() {
        let new = MISSED.replace("string reason = 1;", "");
        assert_eq!(
            broken(MISSED, &new),
            [
                "t.v1.Missed: field 1 `reason` is gone: write `reserved 1; reserved \"reason\";` in its place"
            ]
        );
        let mended = MISSED.replace("string reason = 1;", "reserved 1; reserved 'reason';");
        assert!(broken(MISSED, &mended).is_empty());
        let half = MISSED.replace("string reason = 1;", "reserved 1;");
        assert_eq!(broken(MISSED, &half).len(), 1);
    }

    #[test]
    fn renumbered_retyped_and_reused_are_told_apart() {
        let faults = broken(MISSED, &MISSED.replace("reason = 1", "reason = 9"));
        assert_eq!(
            faults,
            ["t.v1.Missed: field `reason` was 1, is now 9: give it its old number back"]
        );
        let faults = broken(MISSED, &MISSED.replace("string reason", "uint32 reason"));
        assert!(
            faults[0].contains("was string, is now uint32") && faults[0].ends_with("as 4"),
            "{faults:?}"
        );
        let faults = broken(
            MISSED,
            &MISSED.replace("repeated string tried", "string tried"),
        );
        assert!(
            faults[0].contains("was repeated string, is now string"),
            "{faults:?}"
        );
        let faults = broken(MISSED, &MISSED.replace("reason = 1", "cause = 1"));
        assert!(
            faults[0].contains("now given to `cause`") && faults[0].ends_with("the number 4"),
            "{faults:?}"
        );
    }

    #[test]
    fn events_and_reservations_stay() {
        assert!(broken(MISSED, ENUM)[0].starts_with("event call.missed (t.v1.Missed) is gone"));
        let renamed = MISSED.replace("call.missed", "call.lost");
        assert!(broken(MISSED, &renamed)[0].contains("was event call.missed, is now call.lost"));
        let faults = broken(
            "message Old { reserved 4; reserved 'gone'; }",
            "message Old { string gone = 4; }",
        );
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn check_lists_and_write_writes() {
        let tree = tree(MISSED);
        let mut out = Vec::new();
        assert!(!run(tree.path(), Mode::Check, &mut out).unwrap());
        assert!(
            String::from_utf8(out)
                .unwrap()
                .contains("new: event call.missed (t.v1.Missed)")
        );
        assert!(run(tree.path(), Mode::Write, &mut Vec::new()).unwrap());
        assert!(run(tree.path(), Mode::Check, &mut Vec::new()).unwrap());
        let proto = tree.path().join("proto/t/v1/all.proto");
        let changed = fs::read_to_string(&proto)
            .unwrap()
            .replace("string reason = 1;", "");
        fs::write(&proto, changed).unwrap();
        assert!(!run(tree.path(), Mode::Write, &mut Vec::new()).unwrap());
        assert!(
            parse(&fs::read_to_string(tree.path().join("proto/contract.lock")).unwrap()).is_ok()
        );
    }
}
