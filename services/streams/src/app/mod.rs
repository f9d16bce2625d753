//! The deciders: what a call on a number with a bot or an assistant gets.

mod document;
mod erase;
mod offer;
mod summary;
mod wanted;
mod whisper;

pub use erase::{Expire, Forget};
pub use offer::Offer;
pub use summary::{NotSummarized, Summarized};
pub use wanted::Wanted;
pub use whisper::Whisper;
