//! The entry functions, for the targets in `fuzz_targets`.

pub mod entries;
