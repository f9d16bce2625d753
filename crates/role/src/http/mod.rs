//! HTTP: routes as data, access, errors, the server.

mod access;
mod dead;
mod error;
mod openapi;
mod operate;
mod repeat;
mod route;
mod server;

pub use access::{Caller, KeyStore, Scope};
pub use error::ApiError;
pub use openapi::document;
pub use repeat::idempotency_key;
pub use route::{Access, Method, Page, Route, Shape, Table, shape};
pub use server::{HttpPart, Server};
