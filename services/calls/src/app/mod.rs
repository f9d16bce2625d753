//! What calls decides. Nothing here does I/O but its transaction, and the time comes from the event.

pub mod forward;
pub mod hours;
pub mod interviews;
pub mod progress;
pub mod record;
pub mod served;
pub mod state;
pub mod texts;
pub mod whisper;
