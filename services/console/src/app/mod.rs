//! What the console decides: who may sign in, for how long, and what ends a session.

pub mod keys;
pub mod rights;
pub mod session;
