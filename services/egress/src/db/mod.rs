//! The ledger of effects, and who does not want to be texted.

pub(crate) mod effects;
pub(crate) mod opt_outs;
mod schema;

use diesel_migrations::embed_migrations;
use store::Migrations;

/// The role's tables.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
