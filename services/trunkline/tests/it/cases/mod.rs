//! What is asked of the platform.

pub mod calls;
pub mod signatures;
pub mod surface;
mod world;
