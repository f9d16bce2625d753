//! Calls in virtual time.

mod calls;
mod line;
mod properties;
