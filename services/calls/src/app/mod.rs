//! What calls decides. Nothing here does I/O but its transaction, and the time comes from the event.

pub mod app_handled;
pub mod call_update;
pub mod check;
pub mod consent;
pub mod customers;
pub mod document;
pub mod erase;
pub mod forward;
pub mod forwarding_loop;
pub mod hours;
pub mod interviews;
pub mod notes;
pub mod progress;
pub mod promise;
pub mod reason;
pub mod recordings;
pub mod speech;
pub mod state;
pub mod streams;
pub mod texts;
pub mod verdict;
pub mod whisper;
