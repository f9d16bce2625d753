//! `cargo +nightly fuzz run stream_messages`, or `cargo run -p trunkline-fuzz --bin stream_messages -- FILE`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::stream_messages(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    trunkline_fuzz::replay(trunkline_fuzz::entries::stream_messages)
}
