//! Every manifest takes the workspace's lints and dependencies, every crate is explained, and rustdoc runs the examples there are.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::workspace::{Workspace, relative, sources};

const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];
const OVERVIEW: &str = "docs/architecture.md";
/// Words behind the fence of an example that rustdoc compiles.
const RUST: &[&str] = &["rust", "no_run", "should_panic", "compile_fail"];

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
        if dir.join("src/lib.rs").exists() {
            let fault = example_fault(&manifest, example(&workspace.root, &dir)?.as_deref());
            faults.extend(fault.map(|fault| format!("{file}: {fault}")));
        }
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

/// rustdoc is started for each library whose manifest does not say otherwise, which takes a second or two of each run of the tests.
fn example_fault(manifest: &Table, example: Option<&str>) -> Option<String> {
    let lib = manifest.get("lib").and_then(|lib| lib.get("doctest"));
    let runs = lib.and_then(Value::as_bool).unwrap_or(true);
    match (runs, example) {
        (true, None) => Some(
            "has no example that runs: write `doctest = false` in [lib], so that rustdoc is not started for nothing"
                .to_owned(),
        ),
        (false, Some(place)) => Some(format!(
            "nobody runs the example at {place}: take `doctest = false` out of [lib], or begin it with ```text"
        )),
        _ => None,
    }
}

/// The first example in a library's documentation that rustdoc compiles: the README, which is the crate's, and its sources.
fn example(root: &Path, dir: &Path) -> Result<Option<String>> {
    let mut files = sources(&dir.join("src"))?;
    files.push(dir.join("README.md"));
    for path in files.iter().filter(|path| path.exists()) {
        let text = fs::read_to_string(path)?;
        let is_page = path.extension().is_some_and(|ext| ext == "md");
        if let Some(line) = example_line(&text, is_page) {
            return Ok(Some(format!("{}:{line}", relative(root, path))));
        }
    }
    Ok(None)
}

/// The line where the first such example begins, of a page or of the comments of a source.
fn example_line(text: &str, is_page: bool) -> Option<usize> {
    let mut is_open = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let words = match is_page {
            true => Some(line),
            false => line.strip_prefix("///").or(line.strip_prefix("//!")),
        };
        let Some(language) = words.and_then(|words| words.trim_start().strip_prefix("```")) else {
            continue;
        };
        is_open = !is_open;
        let mut words = language.split([',', ' ']).filter(|word| !word.is_empty());
        if is_open && words.all(|word| RUST.contains(&word) || word.starts_with("edition")) {
            return Some(at + 1);
        }
    }
    None
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
    fn example_is_found_where_rustdoc_would_compile_it() {
        let page = "# bus\n```text\nlet x;\n```\n\n```rust,no_run\nlet x = 1;\n```\n";
        assert_eq!(example_line(page, true), Some(6));
        assert_eq!(
            example_line("```sh\nls\n```\n```ignore\nx\n```\n", true),
            None
        );
        let source = "//! Words.\nfn f() {\n    /// ```\n    /// f();\n    /// ```\n}\n";
        assert_eq!(example_line(source, false), Some(3));
        assert_eq!(example_line("let it = \"```\";\n// ```\n", false), None);
    }

    #[test]
    fn library_runs_the_examples_that_it_has_and_no_others() {
        let says = |doctest: &str| -> Table { format!("{GOOD}[lib]\n{doctest}").parse().unwrap() };
        let (silent, off) = (says(""), says("doctest = false"));
        let place = Some("crates/bus/README.md:6");
        assert!(example_fault(&silent, place).is_none() && example_fault(&off, None).is_none());
        let skipped = example_fault(&off, place).unwrap();
        assert!(skipped.contains("README.md:6"), "{skipped}");
        let idle = example_fault(&silent, None).unwrap();
        assert!(idle.contains("`doctest = false` in [lib]"), "{idle}");
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
