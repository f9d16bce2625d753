//! Live sessions: the loop around the crate `session`, and what it asks.

mod call;
mod converse;
mod decide;
mod early;
mod ending;
mod hearing;
mod journaling;
mod lines;
mod listen;
mod mind;
mod perform;
mod sign;
mod sink;
mod talk;
mod telling;
mod voice;
pub mod wire;
mod words;
pub mod words_wire;

pub use call::{Call, run};
pub use converse::{Brief, Conversation, Memory, Next, Wish};
pub use decide::Decide;
pub use early::Early;
pub use hearing::Hearing;
pub use lines::Lines;
pub use listen::Listeners;
pub use mind::Mind;
pub use sign::ToolSecrets;
pub use telling::Teller;
pub use voice::Voice;
