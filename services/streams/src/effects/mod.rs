//! The performers: what is looked up before a call is decided on.

mod look;

pub use look::Look;
