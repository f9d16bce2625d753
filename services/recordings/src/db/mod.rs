//! The tables of recordings and their queries.

mod calls;
mod forgotten;
mod leases;
mod recordings;
mod schema;
mod summary;

use diesel_migrations::embed_migrations;
use store::Migrations;

pub use calls::{CallRow, Settings, call_find, call_lock, call_put, call_remove, calls_find};
pub use forgotten::{ForgottenRow, forgotten_find, forgotten_put, forgotten_remove};
pub use leases::{lease_held, lease_release, lease_take};
pub use recordings::{
    RecordingRow, recording_due, recording_find, recording_list, recording_lock,
    recording_oldest_unstored, recording_open, recording_remove, recording_save, recording_to_move,
    recordings_lock,
};
pub use summary::recordings_by_status;

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
