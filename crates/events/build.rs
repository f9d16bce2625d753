//! Compiles `proto/` without a system `protoc`, and writes one `impl Event` for each message that
//! carries the option `(trunkline.v1.type)`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

use prost_reflect::{DescriptorPool, Value};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to a build script through its environment"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files: Vec<_> = fs::read_dir(root.join("trunkline/v1"))?
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "proto"))
        .collect();
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).open_files(&files)?;
    let descriptors = compiler.encode_file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), &descriptors)?;
    fs::write(out.join("catalogue.rs"), catalogue(&descriptors)?)?;

    prost_build::Config::new()
        .enable_type_names()
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn catalogue(descriptors: &[u8]) -> Result<String, Box<dyn std::error::Error>> {
    let pool = DescriptorPool::decode(descriptors)?;
    let option = pool
        .get_extension_by_name("trunkline.v1.type")
        .ok_or("options.proto no longer defines (trunkline.v1.type)")?;
    let command = pool
        .get_extension_by_name("trunkline.v1.command")
        .ok_or("options.proto no longer defines (trunkline.v1.command)")?;
    let (mut impls, mut table) = (String::new(), String::new());
    for message in pool.all_messages() {
        let options = message.options();
        if !options.has_extension(&option) {
            continue;
        }
        let value = options.get_extension(&option);
        let Value::String(kind) = value.as_ref() else {
            continue;
        };
        let command = matches!(options.get_extension(&command).as_ref(), Value::Bool(true));
        let name = message.name();
        writeln!(
            impls,
            "impl Event for {name} {{ const TYPE: &'static str = {kind:?}; }}"
        )?;
        let message = message.full_name();
        writeln!(
            table,
            "    Entry {{ kind: {kind:?}, message: {message:?}, command: {command} }},"
        )?;
    }
    Ok(format!(
        "{impls}\n/// Every event there is.\npub const CATALOGUE: &[Entry] = &[\n{table}];\n"
    ))
}
