#![doc = include_str!("../README.md")]

mod address;
mod client;
mod guard;

pub use address::{Reach, Refused, judge};
pub use client::{Answer, Error, Limits, Outbound, Request};
pub use reqwest::Method;
