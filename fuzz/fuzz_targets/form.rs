//! `cargo +nightly fuzz run form`, or `cargo run -p trunkline-fuzz --bin form -- FILE`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| trunkline_fuzz::entries::form(data));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    trunkline_fuzz::replay(trunkline_fuzz::entries::form)
}
