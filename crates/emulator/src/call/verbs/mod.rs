//! The verbs. To add one, write a file here and an arm in `Leg::verb`.

mod child;
pub(crate) mod connect;
pub(crate) mod dial;
pub(crate) mod gather;
mod noun;
pub(crate) mod play;
pub(crate) mod record;
pub(crate) mod speech;
pub(crate) mod start;
