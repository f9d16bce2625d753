#![doc = include_str!("../README.md")]

mod amqp;
mod bus;
mod consumer;
mod dead;
mod delivery;
mod embedded;
mod error;
mod handle;
mod pending;
mod subscription;
mod tap;
mod topic;
mod transport;

pub use bus::{Bus, Config};
pub use consumer::Consumer;
pub use dead::{DeadLetter, Depth, KEPT_DAYS};
pub use delivery::{Delivery, Disposition, Handler};
pub use error::Error;
pub use handle::DELIVERY_LIMIT;
pub use subscription::{RETRY_DELAYS, Subscription};
pub use tap::{Tap, Tapped};
pub use topic::matches;
