#![doc = include_str!("../README.md")]

mod address;
mod number;
mod plan;
mod same;
mod zone;

pub use address::{Address, Prefixed};
pub use number::{E164, Invalid};
pub use same::same_phone;

/// What stands for the digits that are left out.
const DOTS: &str = "•••••";
