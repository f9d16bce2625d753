#![doc = include_str!("../README.md")]

mod address;
mod number;

pub use address::{Address, Prefixed};
pub use number::{E164, Invalid};

/// What stands for the digits that are left out.
const DOTS: &str = "•••••";
