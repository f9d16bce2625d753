#![doc = include_str!("../README.md")]

pub mod entries;

/// Feeds an entry with the files that the arguments name: an input that libFuzzer has found is repeated on any compiler.
///
/// # Errors
/// When a file cannot be read.
pub fn replay(entry: fn(&[u8])) -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        entry(&std::fs::read(file)?);
    }
    Ok(())
}
