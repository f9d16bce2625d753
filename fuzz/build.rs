//! `fuzzing` is a word that cargo-fuzz brings.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(fuzzing)");
}
