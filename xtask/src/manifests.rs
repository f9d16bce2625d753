//! Every manifest takes the workspace's lints and dependencies, and every crate is explained.

use std::fs;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::workspace::Workspace;

const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
const OVERVIEW: &str = "docs/architecture.md";

/// Every manifest that goes its own way, every crate without words.
pub fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let overview = fs::read_to_string(workspace.root.join(OVERVIEW)).unwrap_or_default();
    for package in &workspace.packages {
        let dir = workspace.root.join(&package.dir);
        let file = format!("{}/Cargo.toml", package.dir);
        let text = fs::read_to_string(dir.join("Cargo.toml"))
            .with_context(|| format!("{file} cannot be read"))?;
        let manifest: Table = text
            .parse()
            .with_context(|| format!("{file} is not TOML"))?;
        faults.extend(
            manifest_faults(&manifest)
                .into_iter()
                .map(|fault| format!("{file}: {fault}")),
        );
        let readme = fs::read_to_string(dir.join("README.md")).unwrap_or_default();
        if readme.trim().is_empty() {
            faults.push(format!(
                "{}: no README.md: say in 10-40 lines what it is and what it is not",
                package.dir
            ));
        }
        match mentions(&overview, &package.name, &package.dir) {
            1 => {}
            0 => faults.push(format!(
                "{OVERVIEW}: no line for {}: add one that starts with `{}`",
                package.dir, package.name
            )),
            n => faults.push(format!(
                "{OVERVIEW}: {n} lines for {}: keep one",
                package.dir
            )),
        }
    }
    Ok(faults)
}

fn manifest_faults(manifest: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    if !inherits(manifest.get("lints")) {
        faults.push("no `lints.workspace = true`".to_owned());
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED {
        if !inherits(package.and_then(|p| p.get(*key))) {
            faults.push(format!("no `{key}.workspace = true` in [package]"));
        }
    }
    let mut tables: Vec<&Table> = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    for table in tables {
        for section in DEPENDENCIES {
            let listed = table.get(*section).and_then(Value::as_table);
            for (name, wanted) in listed.into_iter().flatten() {
                if !inherits(Some(wanted)) {
                    faults.push(format!(
                        "{section}: {name} has a version or path of its own: put it in [workspace.dependencies] and write `{name}.workspace = true`"
                    ));
                }
            }
        }
    }
    faults
}

fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|v| v.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

/// How many rows or list entries begin with the crate's name or directory in backticks.
fn mentions(overview: &str, name: &str, dir: &str) -> usize {
    overview
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(['|', '-', '*']))
        .filter_map(|rest| rest.trim_start().strip_prefix('`'))
        .filter_map(|rest| rest.split_once('`'))
        .filter(|(first, _)| [name, dir].contains(&first.trim_end_matches('/')))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    const GOOD: &str = "
        [package]
        name = 'bus'
        version.workspace = true
        edition.workspace = true
        rust-version.workspace = true
        license.workspace = true
        publish.workspace = true
        [lints]
        workspace = true
        [dependencies]
        tokio.workspace = true
        serde = { workspace = true, features = ['rc'] }
    ";

    #[test]
    fn inheriting_manifest_is_in_order() {
        assert!(manifest_faults(&GOOD.parse().unwrap()).is_empty());
    }

    #[test]
    fn what_does_not_inherit_is_named() {
        let text = GOOD.replace("[lints]\n        workspace = true", "")
            + "\n[target.'cfg(unix)'.dev-dependencies]\nrand = '0.9'\n";
        let faults = manifest_faults(
            &text
                .replace("edition.workspace", "edition2.workspace")
                .parse()
                .unwrap(),
        );
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[0].contains("lints.workspace"));
        assert!(faults[1].contains("edition.workspace"));
        assert!(faults[2].starts_with("dev-dependencies: rand"));
    }

    #[test]
    fn line_counts_when_it_begins_with_the_crate() {
        let overview =
            "| `bus` | publishes |\n- `crates/store`: tables\nthe `role` crate\n| `bus` | twice |";
        assert_eq!(mentions(overview, "bus", "crates/bus"), 2);
        assert_eq!(mentions(overview, "store", "crates/store"), 1);
        assert_eq!(mentions(overview, "role", "crates/role"), 0);
    }

    #[test]
    fn made_up_tree_is_read_from_disk() {
        let tree = tempfile::tempdir().unwrap();
        let dir = tree.path().join("crates/bus");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("Cargo.toml"), GOOD).unwrap();
        let workspace = Workspace {
            root: tree.path().to_owned(),
            packages: vec![Package {
                name: "bus".to_owned(),
                dir: "crates/bus".to_owned(),
                members: Vec::new(),
                built_with: Vec::new(),
            }],
        };
        let faults = check(&workspace).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}");
        fs::write(dir.join("README.md"), "# bus\n").unwrap();
        fs::create_dir_all(tree.path().join("docs")).unwrap();
        fs::write(tree.path().join(OVERVIEW), "| `bus` | publish |\n").unwrap();
        assert!(check(&workspace).unwrap().is_empty());
    }
}
