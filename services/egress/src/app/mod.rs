//! The deciders.

mod opt_outs;

pub(crate) use opt_outs::OptOuts;
