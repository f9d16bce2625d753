//! What is answered without deciding anything.

pub mod flows;
pub mod known;
