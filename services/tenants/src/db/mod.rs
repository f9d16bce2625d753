//! The role's tables: the model that is kept in them, its rows, and the queries.

pub mod erasures;
pub mod flows;
pub mod keys;
pub mod model;
pub mod numbers;
mod schema;
pub mod tenants;

use diesel_migrations::embed_migrations;
use store::{Error, Migrations};

/// The role's schema.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};

/// A row that this code cannot have written.
fn damaged(e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Query(diesel::result::Error::DeserializationError(Box::new(e)))
}

/// A value that cannot be written.
fn unwritable(e: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Query(diesel::result::Error::SerializationError(Box::new(e)))
}
