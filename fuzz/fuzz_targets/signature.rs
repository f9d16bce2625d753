//! `cargo +nightly fuzz run signature`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::signature(data));
