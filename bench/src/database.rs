//! Databases of our own: one in the PostgreSQL that we were given, and SQLite's files, filled by SQL alone.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use tokio_postgres::NoTls;

/// Fills a SQLite file: Python's own module, since every machine that runs the peers has it.
const FILL: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
database.executescript('BEGIN IMMEDIATE;' + sys.stdin.read() + ';COMMIT;')
database.close()";

/// A database of our own in the PostgreSQL that we were given.
pub struct Database {
    server: String,
    name: String,
    /// Where it is.
    pub url: String,
}

impl Database {
    /// Makes one; `part` tells those of a run apart.
    pub async fn create(server: &str, part: &str) -> Result<Self> {
        let name = format!("trunkline_bench_{part}_{}", std::process::id());
        let (head, query) = server.split_once('?').unwrap_or((server, ""));
        let after_scheme = head.find("://").map_or(0, |i| i + 3);
        let end = head[after_scheme..]
            .find('/')
            .map_or(head.len(), |i| after_scheme + i);
        let mut url = format!("{}/{name}", &head[..end]);
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        execute(server, &format!("create database {name}")).await?;
        Ok(Self {
            server: server.to_owned(),
            name,
            url,
        })
    }

    /// Runs statements in it.
    pub async fn run(&self, sql: &str) -> Result<()> {
        execute(&self.url, sql).await
    }

    /// Drops it, whoever is connected.
    pub async fn drop(&self) -> Result<()> {
        let sql = format!("drop database {} with (force)", self.name);
        execute(&self.server, &sql).await
    }
}

async fn execute(url: &str, sql: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .context("DATABASE_URL")?;
    let driver = tokio::spawn(connection);
    client
        .batch_execute(sql)
        .await
        .with_context(|| sql.chars().take(200).collect::<String>())?;
    drop(client);
    driver.await??;
    Ok(())
}

/// Runs statements in a SQLite file, in one transaction; whoever else writes there waits.
pub fn fill_sqlite(file: &Path, sql: &str) -> Result<()> {
    ensure!(file.exists(), "{} is not there", file.display());
    let mut python = Command::new("python3")
        .args(["-c", FILL])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("python3 cannot be run; is it installed?")?;
    if let Some(mut input) = python.stdin.take() {
        input.write_all(sql.as_bytes())?;
    }
    let output = python.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{} cannot be filled: {}",
        file.display(),
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}
