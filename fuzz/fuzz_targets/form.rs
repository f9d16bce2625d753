//! `cargo +nightly fuzz run form`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::form(data));
