#![doc = include_str!("../README.md")]

mod delivery;
mod error;
mod subscription;

pub use delivery::{Delivery, Handler, Settle};
pub use error::Error;
pub use subscription::{RETRY_DELAYS, Subscription};
