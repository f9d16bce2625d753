//! `cargo +nightly fuzz run flows`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::flows(data));
