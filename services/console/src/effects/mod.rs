//! What the console answers on the bus, and what it clears away.

pub mod cleaning;
pub mod grant;
