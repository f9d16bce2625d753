//! A migration works with the version before it: whatever that asks of the database is understood by the new schema.
//!
//! `tests/queries` has what the version before has PostgreSQL prepare, a statement a line behind the types of its parameters;
//! `make queries` writes it with each release.

use std::fmt::Write as _;
use std::path::PathBuf;

use diesel::QueryableByName;
use diesel::sql_types::Text;
use store::{Database, Store, on};

use crate::local_platform::{Backends, tables};

/// Columns that must have a value, and get none by themselves.
const NEEDED: &str = "SELECT column_name::text AS name FROM information_schema.columns \
    WHERE table_schema = current_schema() AND is_nullable = 'NO' AND column_default IS NULL \
    AND is_identity = 'NO' AND is_generated = 'NEVER' AND table_name = ";

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A place on the server for these roles.
fn place(backends: &Backends) -> Database {
    Database::Postgres {
        url: backends.database_url.clone(),
        namespace: Some(backends.namespace.clone()),
        pool_size: 1,
    }
}

/// What a role of the version before asks.
fn queries(role: &str) -> Vec<String> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/queries"));
    let kept = std::fs::read_to_string(folder.join(format!("{role}.queries")));
    let kept = kept.unwrap_or_else(|e| panic!("{role}: {e}; `make queries` writes the file"));
    let lines = kept.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// Has the server do something, or say why not.
async fn done(store: &Store, statement: &str) -> Result<(), String> {
    let mut tx = store.begin().await.unwrap();
    let query = diesel::sql_query(statement);
    let done = on!(&mut tx, c => query.execute(c).await);
    match done {
        Ok(_) => tx.commit().await.map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// What is wrong with a statement on this schema.
async fn fault(store: &Store, nth: usize, line: &str) -> Option<String> {
    let (types, text) = line.split_once(": ").expect("types and a statement");
    let types: Vec<&str> = types.split(", ").filter(|it| !it.is_empty()).collect();
    let name = format!("query_{nth}");
    let (mut declared, mut values) = (String::new(), String::new());
    if !types.is_empty() {
        write!(declared, " ({})", types.join(", ")).unwrap();
        write!(values, "({})", vec!["NULL"; types.len()].join(", ")).unwrap();
    }
    let asked = async {
        done(store, &format!("PREPARE {name}{declared} AS {text}")).await?;
        // It is planned, and not done: which index a conflict is about is found out here.
        done(store, &format!("EXPLAIN EXECUTE {name}{values}")).await?;
        leaves_nothing_out(store, text).await
    };
    let why = asked.await.err()?;
    Some(format!("{why}: {text}"))
}

/// A row has every value that it must have.
async fn leaves_nothing_out(store: &Store, text: &str) -> Result<(), String> {
    let Some(rest) = text.strip_prefix("INSERT INTO ") else {
        return Ok(());
    };
    let quoted = |text: &str| text.trim().trim_matches('"').to_owned();
    let Some((table, rest)) = rest.split_once(" (") else {
        return Ok(());
    };
    let columns = rest.split_once(')').map_or("", |(columns, _)| columns);
    let columns: Vec<String> = columns.split(',').map(quoted).collect();
    let needed = format!("{NEEDED}'{}'", quoted(table));
    let mut tx = store.read().await.unwrap();
    let query = diesel::sql_query(needed);
    let needed = on!(&mut tx, c => query.load::<Column>(c).await).unwrap();
    let missing: Vec<String> = needed
        .into_iter()
        .map(|column| column.name)
        .filter(|name| !columns.contains(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("{} must have a value now", missing.join(", ")))
}

async fn faults(store: &Store, role: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (nth, line) in queries(role).iter().enumerate() {
        let fault = fault(store, nth, line).await;
        found.extend(fault.map(|fault| format!("{role}: {fault}")));
    }
    found
}

/// A column is added before it is used and removed one version after it was: the processes of the version before go on while the
/// schema is the new one's already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_version_before_asks_of_the_database_is_understood_by_the_new_schema() {
    let backends = Backends::new();
    let database = place(&backends);
    let mut found = Vec::new();
    for (role, migrations) in tables() {
        let store = Store::open(&database, role, migrations).await.unwrap();
        found.extend(faults(&store, role).await);
    }
    backends.remove_schemas().await;
    assert!(
        found.is_empty(),
        "the version before does not work on this schema; add columns before they are used, and remove them a version later:\n{}",
        found.join("\n")
    );
}

/// What such a migration must not do is noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migration_that_the_version_before_does_not_bear_is_noticed() {
    let backends = Backends::new();
    let (role, migrations) = tables()
        .into_iter()
        .find(|(role, _)| *role == "egress")
        .expect("the way out has tables");
    let store = Store::open(&place(&backends), role, migrations)
        .await
        .unwrap();
    let before = faults(&store, role).await;
    for (change, back, sign) in [
        (
            "ALTER TABLE effects RENAME COLUMN attempts TO tries",
            "ALTER TABLE effects RENAME COLUMN tries TO attempts",
            "attempts",
        ),
        (
            "ALTER TABLE effects ADD COLUMN fresh text NOT NULL",
            "ALTER TABLE effects DROP COLUMN fresh",
            "fresh must have a value now",
        ),
        (
            "ALTER TABLE outbox DROP CONSTRAINT outbox_pkey",
            "ALTER TABLE outbox ADD PRIMARY KEY (id)",
            "ON CONFLICT",
        ),
        (
            "ALTER TABLE opt_outs RENAME TO wishes",
            "ALTER TABLE wishes RENAME TO opt_outs",
            "opt_outs",
        ),
    ] {
        done(&store, change).await.unwrap();
        let noticed = faults(&store, role).await;
        done(&store, back).await.unwrap();
        assert!(
            noticed.iter().any(|fault| fault.contains(sign)),
            "{change}: {noticed:#?}"
        );
    }
    backends.remove_schemas().await;
    assert!(before.is_empty(), "{before:#?}");
}
