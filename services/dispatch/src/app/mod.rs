//! What dispatch decides. Each module holds one use case as a function of a transaction, a time and an event, and the
//! decider that puts it on the bus.

pub mod delivery;
pub mod human;
pub mod inbound;
pub mod opt_out;
pub mod template;
pub mod text_back;
