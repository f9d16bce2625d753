//! What dispatch does outside: it fetches what customers' messages carry, and removes it again.

mod erase;
mod fetch;
mod kind;

pub use erase::Erase;
pub use fetch::Fetch;
