//! The statements that each role has PostgreSQL prepare, written down: what the version before asks of the schema that a new
//! migration makes. `xtask queries COMMAND...` runs a command, the suite or a part of it, and listens to what it sends to the
//! server of `DATABASE_URL`.

mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, ensure};

use wire::{Statement, Wire};

/// Where they are kept: a file for each role, `TYPE, TYPE: STATEMENT` a line.
const FOLDER: &str = "services/trunkline/tests/queries";
const HEAD: &str = "# What this role has PostgreSQL prepare. Written by `make queries` with each release; see docs/backup.md.\n";

/// The types of parameters, as PostgreSQL numbers and names them.
const TYPES: [(u32, &str); 20] = [
    (0, "unknown"),
    (16, "bool"),
    (17, "bytea"),
    (20, "int8"),
    (21, "int2"),
    (23, "int4"),
    (25, "text"),
    (114, "json"),
    (701, "float8"),
    (1000, "bool[]"),
    (1001, "bytea[]"),
    (1005, "int2[]"),
    (1007, "int4[]"),
    (1009, "text[]"),
    (1016, "int8[]"),
    (1043, "varchar"),
    (1082, "date"),
    (1184, "timestamptz"),
    (1185, "timestamptz[]"),
    (3802, "jsonb"),
];

/// Of no role's: Diesel's own list of migrations, what asks the server of itself, and `trunkline export` and `import`, which take
/// tables as they are.
const OTHERS: [&str; 6] = [
    "__diesel",
    "pg_",
    "information_schema",
    "current_schema",
    " AS line FROM ",
    "jsonb_populate_record",
];

/// The statements of each role.
type Found = Arc<Mutex<BTreeMap<String, BTreeSet<Statement>>>>;

/// Runs the command, and adds what its roles have prepared to the files. True: it ended well.
pub fn record(root: &Path, roles: &[&str], command: &[&str], out: &mut dyn Write) -> Result<bool> {
    #[expect(clippy::disallowed_methods, reason = "it runs what reads the same")]
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set")?;
    let server = address(&url).context("DATABASE_URL names no server")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let here = listener.local_addr()?.to_string();
    let found = Found::default();
    let roles: Vec<String> = roles.iter().map(|&role| role.to_owned()).collect();
    let (heard, there) = (found.clone(), server.to_owned());
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (heard, there, roles) = (heard.clone(), there.clone(), roles.clone());
            thread::spawn(move || pass(client, &there, &roles, &heard));
        }
    });
    let (program, args) = command.split_first().context("what is to be run?")?;
    let status = Command::new(program)
        .args(args)
        .env("DATABASE_URL", url.replacen(server, &here, 1))
        .status()
        .with_context(|| format!("{program} cannot be run"))?;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
    ensure!(
        !found.is_empty(),
        "the command asked nothing of the database"
    );
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder)?;
    for (role, statements) in found.iter() {
        let file = folder.join(format!("{role}.queries"));
        let known = fs::read_to_string(&file).unwrap_or_default();
        let mut lines: BTreeSet<String> = known.lines().map(str::to_owned).collect();
        lines.retain(|line| !line.starts_with('#'));
        lines.extend(statements.iter().filter_map(line));
        let mut text = HEAD.to_owned();
        for line in &lines {
            writeln!(text, "{line}")?;
        }
        fs::write(&file, text)?;
        writeln!(out, "{role}: {} statements", lines.len())?;
    }
    Ok(status.success())
}

/// The server in a URL: what stands behind the last `@`, up to the path.
fn address(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?']).next().filter(|it| it.contains(':'))
}

/// Passes on what client and server say to each other, and listens to the client.
fn pass(mut client: TcpStream, server: &str, roles: &[String], found: &Found) {
    let Ok(mut far) = TcpStream::connect(server) else {
        return;
    };
    let _ = (client.set_nodelay(true), far.set_nodelay(true));
    let (Ok(mut from), Ok(mut to)) = (far.try_clone(), client.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut wire, mut bytes) = (Wire::default(), [0; 65_536]);
    while let Ok(count) = client.read(&mut bytes) {
        let sent = bytes.get(..count).unwrap_or_default();
        if count == 0 || far.write_all(sent).is_err() {
            break;
        }
        let prepared = wire.take(sent);
        let of = |role: &&String| wire.schema().is_some_and(|schema| is_of(schema, role));
        if let Some(role) = roles.iter().find(of) {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.entry(role.clone()).or_default().extend(prepared);
        }
    }
    let _ = far.shutdown(Shutdown::Both);
}

/// Whether a schema is a role's, whatever stands before its name.
fn is_of(schema: &str, role: &str) -> bool {
    let rest = schema.strip_suffix(role);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
}

/// A statement as it is kept; none: it is no role's, or a test's own, which says its values itself.
fn line(statement: &Statement) -> Option<String> {
    let Statement { types, text } = statement;
    let is_asked = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
        .iter()
        .any(|word| text.starts_with(word));
    if !is_asked || text.contains('\'') || OTHERS.iter().any(|other| text.contains(other)) {
        return None;
    }
    let name = |kind: &u32| {
        TYPES
            .iter()
            .find(|(it, _)| it == kind)
            .map(|(_, name)| *name)
    };
    let names: Vec<&str> = types.iter().map(name).collect::<Option<_>>()?;
    Some(format!("{}: {text}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_found_in_a_url() {
        let found = address("postgres://user:p@ss@db.example:5432/trunkline?sslmode=disable");
        assert_eq!(found, Some("db.example:5432"));
        assert_eq!(address("postgres://127.0.0.1:5432"), Some("127.0.0.1:5432"));
        assert_eq!(address("nothing"), None);
    }

    #[test]
    fn schema_is_a_roles_whatever_stands_before_its_name() {
        assert!(is_of("calls", "calls") && is_of("e2e_12_calls", "calls"));
        assert!(!is_of("recalls", "calls"));
    }

    #[test]
    fn statement_is_kept_with_its_types_and_a_tests_own_is_not() {
        let statement = |text: &str| Statement {
            types: vec![25, 1184],
            text: text.to_owned(),
        };
        let kept = line(&statement("SELECT a FROM b WHERE c = $1 AND d > $2"));
        assert_eq!(
            kept.as_deref(),
            Some("text, timestamptz: SELECT a FROM b WHERE c = $1 AND d > $2")
        );
        assert_eq!(line(&statement("UPDATE b SET a = 'x'")), None);
        assert_eq!(
            line(&statement("SELECT version FROM __diesel_schema_migrations")),
            None
        );
        assert_eq!(line(&statement("COMMIT")), None);
    }
}
