//! What a tenant is, what may be said of it, and what follows: pure, without web, bus or files.

pub mod announcements;
pub mod cache;
pub mod change;
pub mod circles;
pub mod context;
pub mod document;
pub mod erasure;
pub mod flows;
mod forwarding;
pub mod named;
pub mod notification;
pub mod offer;
pub mod plan;
pub mod planned;
mod profile;
pub mod read;
pub mod refusal;
pub mod settle;
pub mod spend;
pub mod texts;
pub mod warnings;

pub use crate::db::model::{self, enums, hours};
