#![doc = include_str!("../README.md")]

mod access;
mod body;
mod caller;
mod dead;
mod error;
mod feed;
pub mod health;
mod internal;
mod keys;
pub mod limit;
mod limits;
mod openapi;
mod operate;
mod operating;
pub mod operator;
mod period;
mod query;
mod ranges;
mod repeat;
mod route;
mod scrape;
mod server;
mod strict;

pub use body::{Body, OptionalBody};
pub use caller::{Caller, Scope};
pub use error::ApiError;
pub use keys::KeyStore;
pub use openapi::document;
pub use period::Period;
pub use query::Query;
pub use ranges::{Wanted, wanted};
pub use repeat::idempotency_key;
pub use route::{Access, Limit, Method, Page, Route, Shape, Table, query_shape, shape};
pub use server::{HttpPart, Server};
pub use strict::Strict;
