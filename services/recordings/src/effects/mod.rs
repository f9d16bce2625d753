//! The performers: one external effect each.

mod compare;
mod erase;
mod fetch;
mod hold;
mod known;
mod look;
mod reclass;

pub(crate) use compare::Compare;
pub(crate) use erase::Erase;
pub(crate) use fetch::Fetch;
pub(crate) use hold::AskHold;
pub(crate) use known::Known;
pub(crate) use look::Look;
pub(crate) use reclass::Reclass;
