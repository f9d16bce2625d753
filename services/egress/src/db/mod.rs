//! The ledger of effects, the backlog, who does not want to be texted, and what was spent.

pub(crate) mod effects;
pub(crate) mod opt_outs;
mod schema;
pub(crate) mod spending;
pub(crate) mod waiting;

use diesel_migrations::embed_migrations;
use store::Migrations;

/// The role's tables.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
