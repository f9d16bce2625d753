//! What a tenant is, what may be said of it, and what follows: pure, without web, bus or files.

pub mod cache;
pub mod context;
pub mod document;
pub mod flows;
pub mod hours;
pub mod model;
pub mod note;
pub mod plan;
mod profile;
pub mod read;
pub mod refusal;
pub mod settle;
pub mod spoken;
pub mod template;
pub mod words;
