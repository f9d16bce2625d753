//! `cargo +nightly fuzz run apply`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::apply(data));
