//! The emulator's own HTTP server: one table of endpoints, one way through it.

mod exchange;
mod server;
mod table;

pub(crate) use exchange::{Exchange, Fields, Reply};
pub(crate) use server::{is_authorized, refuse_stranger, render, serve};
pub(crate) use table::{Access, Endpoint, Verb};
