//! The deciders.

mod ai;
mod erase;
mod opt_outs;
mod witness;

pub(crate) use ai::AddUp;
pub(crate) use erase::Forget;
pub(crate) use opt_outs::OptOuts;
pub(crate) use witness::{MESSAGE_ID, Witness};
