//! `cargo +nightly fuzz run twiml`, or `cargo run -p trunkline-fuzz --bin twiml -- FILE`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::twiml(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    trunkline_fuzz::replay(trunkline_fuzz::entries::twiml)
}
