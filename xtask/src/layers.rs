//! Which way dependencies point, and which modules may name which crates.

use std::fs;

use anyhow::{Context, Result};

use crate::tokens::{self, Named};
use crate::workspace::{Package, Workspace, relative, sources};

/// The one member of `services/` that wires roles together.
const BINARY: &str = "services/trunkline";

/// The ladder of crates: each may depend on those before it and on the crates that are not in it; those may not depend on it.
const LADDER: &[&str] = &[
    "crates/settings",
    "crates/telemetry",
    "crates/encryption",
    "crates/directory",
    "crates/api",
    "crates/role",
];

/// Leaves: they depend on no crate of ours but these.
const LEAVES: &[(&str, &[&str])] = &[
    ("crates/clock", &[]),
    ("crates/phone", &[]),
    ("crates/twilio-types", &["crates/phone"]),
    ("crates/phrases", &[]),
    ("crates/audio", &[]),
];

/// Crates that are for tests: nothing that is built may depend on them.
const FOR_TESTS: &[&str] = &["crates/testkit"];

/// What a decider (`services/*/src/app`) may not name, because it is not deterministic or does I/O.
const NOT_IN_APP: &[&[&str]] = &[
    &["actix_web"],
    &["api"],
    &["reqwest"],
    &["lapin"],
    &["bus"],
    &["twilio_api"],
    &["tokio", "net"],
    &["tokio", "fs"],
    &["tokio", "time"],
    &["std", "net"],
    &["std", "fs"],
];

/// What only the database's own places may name.
const ONLY_IN_DB: &[&[&str]] = &[&["diesel"], &["diesel_async"]];

/// Where the database may be named, beside `services/*/src/db`; each with its reason.
const DB_PLACES: &[(&str, &str)] = &[
    ("crates/store", "the crate that owns Diesel"),
    (
        "crates/bus",
        "the embedded bus keeps its messages in a SQLite file of its own, below the store",
    ),
];

/// Everything that points the wrong way.
pub fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for package in &workspace.packages {
        faults.extend(dependencies(package));
        let src = workspace.root.join(&package.dir).join("src");
        for path in sources(&src)? {
            let file = relative(&workspace.root, &path);
            let source =
                fs::read_to_string(&path).with_context(|| format!("{file} cannot be read"))?;
            let source = tokens::read(&source).with_context(|| file.clone())?;
            faults.extend(names(&package.dir, &file, &source.named));
        }
    }
    Ok(faults)
}

fn dependencies(package: &Package) -> Vec<String> {
    let mut faults = Vec::new();
    for member in package
        .members
        .iter()
        .filter(|m| m.starts_with("services/"))
    {
        if package.dir.starts_with("crates/") {
            faults.push(format!(
                "{}/Cargo.toml: depends on {member}: no crate knows a role; move what it needs to a crate",
                package.dir
            ));
        } else if package.dir.starts_with("services/") && package.dir != BINARY {
            faults.push(format!(
                "{}/Cargo.toml: depends on {member}: no role depends on a role; use an event or its HTTP API",
                package.dir
            ));
        }
    }
    let step = |dir: &str| LADDER.iter().position(|rung| *rung == dir);
    let leaf = LEAVES.iter().find(|(dir, _)| *dir == package.dir);
    for member in &package.built_with {
        let above = match (step(&package.dir), step(member)) {
            (Some(ours), Some(theirs)) => theirs > ours,
            (None, Some(_)) => {
                package.dir.starts_with("crates/") && !FOR_TESTS.contains(&package.dir.as_str())
            }
            _ => false,
        };
        if above {
            faults.push(format!(
                "{}/Cargo.toml: depends on {member}, which stands above it: the order is {}",
                package.dir,
                LADDER.join(", ")
            ));
        }
        if leaf.is_some_and(|(_, allowed)| !allowed.contains(&member.as_str())) {
            faults.push(format!(
                "{}/Cargo.toml: depends on {member}, but is a leaf: move what it needs",
                package.dir
            ));
        }
        if FOR_TESTS.contains(&member.as_str()) {
            faults.push(format!(
                "{}/Cargo.toml: depends on {member}, which is for tests: put it under [dev-dependencies]",
                package.dir
            ));
        }
    }
    faults
}

fn names(dir: &str, file: &str, named: &[Named]) -> Vec<String> {
    let in_service = dir.starts_with("services/");
    let inside = file.strip_prefix(dir).unwrap_or(file);
    let in_app = in_service && is_module(inside, "app");
    let in_db = in_service && is_module(inside, "db");
    let db_is_its_own = in_db || DB_PLACES.iter().any(|(place, _)| *place == dir);
    if !in_app && db_is_its_own {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for named in named {
        let at = format!("{file}:{}: names {}", named.line, named.path.join("::"));
        if in_app && NOT_IN_APP.iter().any(|banned| named.is_under(banned)) {
            faults.push(format!(
                "{at}: a decider does no I/O but its transaction; move it to effects/ or http/"
            ));
        }
        if !db_is_its_own && ONLY_IN_DB.iter().any(|banned| named.is_under(banned)) {
            faults.push(format!(
                "{at}: queries live in services/*/src/db and crates/store; move it there"
            ));
        }
    }
    faults
}

/// Whether a file of a package, `/src/app/route.rs`, belongs to one of its top modules.
fn is_module(inside: &str, module: &str) -> bool {
    inside
        .strip_prefix("/src/")
        .and_then(|rest| rest.strip_prefix(module))
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &str, file: &str, source: &str) -> Vec<String> {
        super::names(dir, file, &tokens::read(source).unwrap().named)
    }

    fn package(dir: &str, members: &[&str]) -> Package {
        Package {
            name: dir.rsplit('/').next().unwrap().to_owned(),
            dir: dir.to_owned(),
            members: members.iter().map(|m| (*m).to_owned()).collect(),
            built_with: Vec::new(),
        }
    }

    #[test]
    fn what_is_for_tests_stays_with_tests() {
        let mut role = package("crates/role", &["crates/testkit"]);
        assert!(dependencies(&role).is_empty());
        role.built_with = role.members.clone();
        assert_eq!(dependencies(&role).len(), 1);
    }

    #[test]
    fn crate_below_another_does_not_depend_on_it() {
        let built = |dir: &str, on: &str| {
            let mut package = package(dir, &[on]);
            package.built_with = package.members.clone();
            dependencies(&package).len()
        };
        assert_eq!(built("crates/settings", "crates/api"), 1);
        assert_eq!(built("crates/api", "crates/settings"), 0);
        assert_eq!(built("crates/bus", "crates/role"), 1);
        assert_eq!(built("crates/twilio-types", "crates/bus"), 1);
        assert_eq!(built("crates/twilio-types", "crates/phone"), 0);
    }

    #[test]
    fn crates_know_no_role_and_roles_know_no_role() {
        assert_eq!(
            dependencies(&package("crates/bus", &["services/calls"])).len(),
            1
        );
        assert_eq!(
            dependencies(&package("services/calls", &["services/tenants"])).len(),
            1
        );
        assert!(dependencies(&package(BINARY, &["services/calls", "crates/role"])).is_empty());
        assert!(dependencies(&package("services/calls", &["crates/role"])).is_empty());
    }

    #[test]
    fn decider_may_not_reach_out() {
        let source =
            "use std::collections::BTreeMap;\nuse tokio::{sync, time};\nfn f() { bus::Bus::new() }";
        let faults = names("services/calls", "services/calls/src/app/route.rs", source);
        assert_eq!(faults.len(), 2);
        assert!(faults[0].starts_with("services/calls/src/app/route.rs:2: names tokio::time:"));
        assert!(names("services/calls", "services/calls/src/effects/x.rs", source).is_empty());
        assert!(
            names(
                "services/calls",
                "services/calls/src/application.rs",
                source
            )
            .is_empty()
        );
        assert_eq!(
            names("services/calls", "services/calls/src/app.rs", source).len(),
            2
        );
    }

    #[test]
    fn queries_stay_with_the_database() {
        let source = "use diesel::prelude::*;";
        assert_eq!(
            names("services/calls", "services/calls/src/http/x.rs", source).len(),
            1
        );
        assert_eq!(
            names("services/calls", "services/calls/src/app/x.rs", source).len(),
            1
        );
        assert_eq!(
            names("crates/role", "crates/role/src/lib.rs", source).len(),
            1
        );
        assert!(names("services/calls", "services/calls/src/db/calls.rs", source).is_empty());
        assert!(names("crates/store", "crates/store/src/lib.rs", source).is_empty());
    }

    #[test]
    fn made_up_tree_is_read_from_disk() {
        let tree = tempfile::tempdir().unwrap();
        let app = tree.path().join("services/calls/src/app/deep");
        fs::create_dir_all(&app).unwrap();
        fs::write(app.join("x.rs"), "fn f() { std::fs::read(\"a\") }").unwrap();
        let workspace = Workspace {
            root: tree.path().to_owned(),
            packages: vec![package("services/calls", &[]), package("crates/empty", &[])],
        };
        let faults = check(&workspace).unwrap();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with("services/calls/src/app/deep/x.rs:1: names std::fs::read:"));
    }
}
