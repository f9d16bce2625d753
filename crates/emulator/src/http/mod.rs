//! What both HTTP faces share: one table of endpoints, who may ask, and how an answer is sent.

mod auth;
mod events;
mod exchange;
mod render;
mod table;

pub(crate) use auth::{is_authorized, refuse_stranger};
pub(crate) use exchange::{Exchange, Fields, Reply};
pub(crate) use render::render;
pub(crate) use table::{Access, Endpoint, Found, Verb, find};
