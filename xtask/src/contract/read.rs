//! The contract as the `.proto` files have it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, MessageDescriptor, Value};

use super::entry::{Contract, Entry};

/// The contract of every file under a folder.
pub(super) fn read(proto: &Path) -> Result<Contract> {
    Ok(contract(&descriptors(proto)?))
}

/// Compiles every file under a folder, with the comments.
pub fn descriptors(proto: &Path) -> Result<DescriptorPool> {
    let mut files = Vec::new();
    collect(proto, &mut files)?;
    files.sort();
    ensure!(
        !files.is_empty(),
        "no .proto file under {}",
        proto.display()
    );
    let mut compiler = protox::Compiler::new([proto])?;
    compiler.include_source_info(true).open_files(&files)?;
    Ok(compiler.descriptor_pool())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
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
