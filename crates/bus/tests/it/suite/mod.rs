//! What every bus promises.

pub mod replies;
pub mod routing;
pub mod settling;
pub mod taps;
