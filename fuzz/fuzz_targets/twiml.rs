//! `cargo +nightly fuzz run twiml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::twiml(data));
