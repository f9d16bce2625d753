//! What dispatch decides. Each module holds one use case as a function of a transaction, a time and an event, and the
//! decider that puts it on the bus.

pub mod again;
pub mod ahead;
pub mod business;
pub mod calendar;
pub mod calls;
pub mod delivery;
pub mod drafted;
pub mod emergency;
pub mod emergency_call;
pub mod erase;
pub mod follow;
pub mod hand_back;
pub mod human;
pub mod inbound;
pub mod leads;
pub mod media;
pub mod opt_out;
pub mod outgoing;
pub mod pictures;
pub mod reactions;
pub mod reply;
pub mod schedule;
pub mod text_back;
pub mod threads;
pub mod validate;
pub mod wording;
