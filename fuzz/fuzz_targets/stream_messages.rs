//! `cargo +nightly fuzz run stream_messages`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::stream_messages(data));
