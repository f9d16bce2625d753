//! The tables of the console: who may sign in, who has, and what each changed.

mod audit;
mod operators;
mod schema;
mod sessions;

use diesel_migrations::embed_migrations;
use store::Migrations;

pub use audit::{AuditRow, audit_insert, audit_list};
pub use operators::{
    Membership, Operator, membership_list, membership_set, operator_by_login, operator_count,
    operator_delete, operator_find, operator_insert, operator_list, operator_signed_in,
    password_set,
};
pub use sessions::{
    Session, link_insert, link_use, session_delete, session_find, session_insert, session_seen,
    session_switch, sessions_delete_old, sessions_of_key_delete, sessions_of_operator_delete,
};

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
