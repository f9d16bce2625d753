//! `docs/events.md`: every event of `proto/` with its meaning and its fields, written from the contracts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use prost_reflect::{DescriptorPool, MessageDescriptor, Value};

use crate::contract;

const PAGE: &str = "docs/events.md";

const HEAD: &str = "\
# Events

What passes on the bus: every event with its meaning and its fields. This page is written by `make contract` from
[proto/trunkline/v1](../proto/trunkline/v1), and `make lint` checks that it is up to date.

A **fact** is told in the past tense, and anyone may listen. A **command** is an imperative with one performer; one that no
queue takes is an error. The type is also the routing key, so `trunkline events tail --type 'call.*'` shows a family as it
passes. Every event travels in an envelope with CloudEvents attributes (id, source, type, time), the tenant, the call or
conversation it belongs to, and the W3C `traceparent`; `GET /events` serves the same as server-sent events.
";

/// Writes the page.
pub fn write(root: &Path) -> Result<()> {
    fs::write(root.join(PAGE), render(&root.join("proto"))?)
        .with_context(|| format!("{PAGE} cannot be written"))
}

/// What is wrong with the page, if anything.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let written = fs::read_to_string(root.join(PAGE)).unwrap_or_default();
    Ok(if written == render(&root.join("proto"))? {
        Vec::new()
    } else {
        vec![format!(
            "{PAGE} is not what proto/ says: run `make contract` and commit it"
        )]
    })
}

fn render(proto: &Path) -> Result<String> {
    let pool = contract::descriptors(proto)?;
    let mut families: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for message in pool.all_messages() {
        if let Some(event) = Event::read(&pool, &message) {
            let file = message.parent_file();
            families
                .entry(stem(file.name()).to_owned())
                .or_default()
                .push(event);
        }
    }
    let mut page = HEAD.to_owned();
    for (family, mut events) in families {
        events.sort_by(|a, b| a.kind.cmp(&b.kind));
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {family}.proto\n\n| type | | meaning | fields |\n| --- | --- | --- | --- |\n"
        );
        for event in events {
            let sort = if event.command { "command" } else { "fact" };
            let _ = writeln!(
                page,
                "| `{}` | {sort} | {} | {} |",
                event.kind,
                plain(&event.meaning),
                event.fields
            );
        }
    }
    Ok(page)
}

/// Words of a comment as words of a cell: a verb of TwiML is no tag of HTML.
fn plain(words: &str) -> String {
    let parts = words.split('`').enumerate();
    let escaped = parts.map(|(n, part)| match n % 2 {
        0 => part.replace('<', "\\<"),
        _ => part.to_owned(),
    });
    escaped.collect::<Vec<_>>().join("`").replace('|', "\\|")
}

/// One row of the page.
struct Event {
    kind: String,
    command: bool,
    meaning: String,
    fields: String,
}

impl Event {
    /// A message that is an event; `None` for what is only a part of others.
    fn read(pool: &DescriptorPool, message: &MessageDescriptor) -> Option<Self> {
        let Value::String(kind) = option(pool, message, "type")? else {
            return None;
        };
        let fields: Vec<String> = message
            .fields()
            .map(|field| match field.is_list() {
                true => format!("`{}` (list)", field.name()),
                false => format!("`{}`", field.name()),
            })
            .collect();
        Some(Self {
            kind,
            command: matches!(option(pool, message, "command"), Some(Value::Bool(true))),
            meaning: comment(message).unwrap_or_default(),
            fields: fields.join(", "),
        })
    }
}

/// A message option of ours, by its name.
fn option(pool: &DescriptorPool, message: &MessageDescriptor, name: &str) -> Option<Value> {
    let options = message.options();
    let option = pool.all_extensions().find(|e| {
        e.name() == name && e.containing_message().full_name() == "google.protobuf.MessageOptions"
    })?;
    options
        .has_extension(&option)
        .then(|| options.get_extension(&option).into_owned())
}

/// The comment before a message, on one line.
fn comment(message: &MessageDescriptor) -> Option<String> {
    let file = message.parent_file();
    let info = file.file_descriptor_proto().source_code_info.as_ref()?;
    let at = info
        .location
        .iter()
        .find(|location| location.path == message.path())?;
    let words: Vec<&str> = at.leading_comments().split_whitespace().collect();
    Some(words.join(" "))
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".proto").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = r#"syntax = "proto3";
import "google/protobuf/descriptor.proto";
extend google.protobuf.MessageOptions { string type = 50001; bool command = 50002; }
"#;

    fn page(file: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("options.proto"), OPTIONS).unwrap();
        let text = format!("syntax = \"proto3\";\nimport \"options.proto\";\n{file}");
        fs::write(dir.path().join("calls.proto"), text).unwrap();
        render(dir.path()).unwrap()
    }

    #[test]
    fn verb_of_twiml_is_shown_and_no_tag() {
        assert_eq!(plain("a <Dial> | `<Say>`"), "a \\<Dial> \\| `<Say>`");
    }

    #[test]
    fn catalogue_has_each_event_with_its_comment_and_fields() {
        let page = page(
            "// A call ended,\n// once.\nmessage Ended { option (type) = \"call.ended\"; Part call = 1; repeated string codes = 2; }\n\
             message Start { option (type) = \"call.start\"; option (command) = true; }\n\
             message Part { string a = 1; }",
        );
        assert!(
            page.contains("| `call.ended` | fact | A call ended, once. | `call`, `codes` (list) |")
        );
        assert!(page.contains("| `call.start` | command |  |  |"));
        assert!(!page.contains("Part"), "{page}");
    }
}
