//! Bringing a role's schema up to date.

use std::sync::Arc;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel::{Connection, SqliteConnection};
use diesel_async::{
    AnsiTransactionManager, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Error;

/// A role's migrations, the same ones for both engines.
pub struct Migrations {
    /// `migrations/postgres`.
    pub postgres: EmbeddedMigrations,
    /// `migrations/sqlite`.
    pub sqlite: EmbeddedMigrations,
}

const OURS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};

/// Borrowed migrations: they may have to be run again, because the server went away over them.
struct Borrowed<'a>(&'a EmbeddedMigrations);

impl<DB: Backend> MigrationSource<DB> for Borrowed<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        self.0.migrations()
    }
}

/// Keeps two processes that start at the same time from migrating at the same time. The lock ends with the transaction,
/// so a process that dies, or a proxy that lends its connection to the next client, leaves none behind.
const LOCK: &str = "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7236837)";

pub(crate) async fn postgres(
    mut conn: AsyncPgConnection,
    schema: &str,
    role: Arc<Migrations>,
) -> Result<(), Error> {
    let failed = |reason: String| Error::Migration {
        schema: schema.to_owned(),
        reason,
    };
    // Diesel knows of this transaction, so that each migration is a savepoint in it: all are done, or none.
    AnsiTransactionManager::begin_transaction(&mut conn).await?;
    conn.batch_execute(LOCK).await?;
    // A proxy that shares its servers has no search_path of ours.
    conn.batch_execute(&format!(
        "CREATE SCHEMA IF NOT EXISTS \"{schema}\"; SET LOCAL search_path TO \"{schema}\""
    ))
    .await?;
    // The harness blocks its thread, which must not be one that serves requests.
    let (mut conn, ran) = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let ran =
            run(&mut harness, &OURS.postgres).and_then(|()| run(&mut harness, &role.postgres));
        (harness.into_inner(), ran)
    })
    .await
    .map_err(|e| failed(e.to_string()))?;
    // Without the commit, closing the connection takes it all back.
    ran.map_err(failed)?;
    Ok(AnsiTransactionManager::commit_transaction(&mut conn).await?)
}

pub(crate) async fn sqlite(file: String, schema: &str, role: Arc<Migrations>) -> Result<(), Error> {
    let failed = |reason: String| Error::Migration {
        schema: schema.to_owned(),
        reason,
    };
    tokio::task::spawn_blocking(move || {
        let mut conn = SqliteConnection::establish(&file).map_err(|e| e.to_string())?;
        diesel::connection::SimpleConnection::batch_execute(
            &mut conn,
            "PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL;",
        )
        .map_err(|e| e.to_string())?;
        run(&mut conn, &OURS.sqlite)?;
        run(&mut conn, &role.sqlite)
    })
    .await
    .map_err(|e| failed(e.to_string()))?
    .map_err(failed)
}

fn run<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: &EmbeddedMigrations,
) -> Result<(), String> {
    harness
        .run_pending_migrations(Borrowed(migrations))
        .map(drop)
        .map_err(|e| e.to_string())
}

/// How a schema differs from the binary's migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaState {
    /// Migrations that were not applied to it yet.
    pub pending: usize,
    /// Migrations that were applied to it and this binary does not know: a newer one did it.
    pub unknown: usize,
}

/// Looks, and changes nothing.
pub(crate) async fn postgres_state(
    mut conn: AsyncPgConnection,
    schema: &str,
    role: Arc<Migrations>,
) -> Result<SchemaState, Error> {
    let failed = |reason: String| Error::Migration {
        schema: schema.to_owned(),
        reason,
    };
    AnsiTransactionManager::begin_transaction(&mut conn).await?;
    // What Diesel needs for looking is made, and taken back.
    conn.batch_execute(&format!(
        "CREATE SCHEMA IF NOT EXISTS \"{schema}\"; SET LOCAL search_path TO \"{schema}\""
    ))
    .await?;
    let (mut conn, state) = tokio::task::spawn_blocking(move || {
        let mut harness = AsyncMigrationHarness::new(conn);
        let state = state(&mut harness, &OURS.postgres, &role.postgres);
        (harness.into_inner(), state)
    })
    .await
    .map_err(|e| failed(e.to_string()))?;
    AnsiTransactionManager::rollback_transaction(&mut conn).await?;
    state.map_err(failed)
}

/// Looks, and changes nothing: to a file that does not exist no migration was applied.
pub(crate) async fn sqlite_state(
    file: String,
    schema: &str,
    role: Arc<Migrations>,
) -> Result<SchemaState, Error> {
    let failed = |reason: String| Error::Migration {
        schema: schema.to_owned(),
        reason,
    };
    tokio::task::spawn_blocking(move || {
        let source = match std::path::Path::new(&file).exists() {
            true => file.as_str(),
            false => ":memory:",
        };
        let mut conn = SqliteConnection::establish(source).map_err(|e| e.to_string())?;
        state(&mut conn, &OURS.sqlite, &role.sqlite)
    })
    .await
    .map_err(|e| failed(e.to_string()))?
    .map_err(failed)
}

fn state<DB: Backend>(
    harness: &mut impl MigrationHarness<DB>,
    ours: &EmbeddedMigrations,
    role: &EmbeddedMigrations,
) -> Result<SchemaState, String> {
    let words = |e: Box<dyn std::error::Error + Send + Sync>| e.to_string();
    let mut known = Vec::new();
    for migrations in [ours, role] {
        let migrations: Vec<Box<dyn Migration<DB>>> =
            Borrowed(migrations).migrations().map_err(words)?;
        known.extend(migrations.iter().map(|it| it.name().version().to_string()));
    }
    let had = harness.applied_migrations().map_err(words)?;
    let had: Vec<String> = had.iter().map(ToString::to_string).collect();
    Ok(SchemaState {
        pending: known
            .iter()
            .filter(|version| !had.contains(version))
            .count(),
        unknown: had
            .iter()
            .filter(|version| !known.contains(version))
            .count(),
    })
}
