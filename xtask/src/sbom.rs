//! What the binary is made of, as a CycloneDX 1.5 document: every package of `Cargo.lock` that the binary is built with.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The package that is shipped.
const SHIPPED: &str = "trunkline";

/// The document, from `cargo metadata`.
pub fn write() -> Result<String> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("cargo metadata cannot be run")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let document = document(&serde_json::from_slice(&output.stdout)?)?;
    Ok(serde_json::to_string_pretty(&document)?)
}

fn document(metadata: &Value) -> Result<Value> {
    let packages: BTreeMap<&str, &Value> = list(&metadata["packages"])
        .iter()
        .map(|package| (text(&package["id"]), package))
        .collect();
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), node))
        .collect();
    let (root, _) = packages
        .iter()
        .find(|(_, package)| package["name"] == SHIPPED)
        .with_context(|| format!("there is no package {SHIPPED}"))?;
    let shipped = reachable(root, &nodes);
    let components: Vec<Value> = shipped
        .iter()
        .filter(|id| *id != root)
        .map(|id| component(packages[id]))
        .collect();
    let dependencies: Vec<Value> = shipped
        .iter()
        .map(|id| {
            let on: Vec<&str> = needed(nodes[id])
                .filter(|id| shipped.contains(id))
                .collect();
            json!({ "ref": id, "dependsOn": on })
        })
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": root,
            "name": SHIPPED,
            "version": packages[root]["version"],
            "licenses": licences(packages[root]),
        } },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// The root and all that it is built with, tests' and benchmarks' own left out. Build scripts' own count: they decide what is
/// built.
fn reachable<'a>(root: &'a str, nodes: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(nodes.get(id).into_iter().flat_map(|node| needed(node)));
        }
    }
    found
}

/// What a package is built with.
fn needed(node: &Value) -> impl Iterator<Item = &str> {
    list(&node["deps"])
        .iter()
        .filter(|dep| {
            list(&dep["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"] != "dev")
        })
        .map(|dep| text(&dep["pkg"]))
}

fn component(package: &Value) -> Value {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    let mut component = json!({
        "type": "library",
        "bom-ref": package["id"],
        "name": name,
        "version": version,
        "licenses": licences(package),
    });
    // Our own crates are published nowhere.
    if package["source"].is_string() {
        component["purl"] = json!(format!("pkg:cargo/{name}@{version}"));
    }
    component
}

fn licences(package: &Value) -> Value {
    match package["license"].as_str() {
        // Old manifests write a slash for OR, which SPDX does not know.
        Some(expression) => json!([{ "expression": expression.replace('/', " OR ") }]),
        None => json!([]),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn document_has_what_is_shipped_and_not_what_tests_need() {
        let metadata = json!({
            "packages": [
                { "id": "t", "name": "trunkline", "version": "0.1.0", "license": "MIT" },
                { "id": "a", "name": "a", "version": "1.0.0", "license": "MIT/Apache-2.0", "source": "registry" },
                { "id": "b", "name": "b", "version": "1.0.0", "source": "registry" },
                { "id": "d", "name": "d", "version": "1.0.0", "source": "registry" },
            ],
            "resolve": { "nodes": [
                { "id": "t", "deps": [
                    { "pkg": "a", "dep_kinds": [{ "kind": null }, { "kind": "dev" }] },
                    { "pkg": "d", "dep_kinds": [{ "kind": "dev" }] },
                ] },
                { "id": "a", "deps": [{ "pkg": "b", "dep_kinds": [{ "kind": "build" }] }] },
                { "id": "b", "deps": [] },
                { "id": "d", "deps": [] },
            ] },
        });
        let document = document(&metadata).unwrap();
        let names: Vec<_> = list(&document["components"])
            .iter()
            .map(|c| text(&c["name"]))
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(
            document["components"][0]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
        assert_eq!(document["components"][0]["purl"], "pkg:cargo/a@1.0.0");
        assert_eq!(document["dependencies"].as_array().unwrap().len(), 3);
    }

    /// `cargo tree` is another reader of the same lock file.
    #[test]
    fn document_of_this_workspace_has_every_package_that_cargo_tree_has() {
        // Where features are unified over the workspace, `cargo tree` shows the whole of it.
        let tree = Command::new("cargo")
            .env_remove("CARGO_RESOLVER_FEATURE_UNIFICATION")
            .args([
                "tree",
                "-p",
                SHIPPED,
                "-e",
                "normal,build",
                "--target",
                "all",
                "--locked",
                "--prefix",
                "none",
                "--format",
                "{p}",
            ])
            .output()
            .unwrap();
        assert!(
            tree.status.success(),
            "{}",
            String::from_utf8_lossy(&tree.stderr)
        );
        let tree = String::from_utf8(tree.stdout).unwrap();
        let wanted: BTreeSet<String> = tree
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let (name, version) = (words.next()?, words.next()?);
                Some(format!("{name} {}", version.trim_start_matches('v')))
            })
            .filter(|package| !package.starts_with("trunkline "))
            .collect();
        let document: Value = serde_json::from_str(&write().unwrap()).unwrap();
        let listed: BTreeSet<String> = list(&document["components"])
            .iter()
            .map(|c| format!("{} {}", text(&c["name"]), text(&c["version"])))
            .collect();
        let missing: Vec<_> = wanted.difference(&listed).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(wanted.len() > 100, "{} packages", wanted.len());
    }
}
