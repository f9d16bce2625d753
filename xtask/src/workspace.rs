//! The workspace as `cargo metadata` describes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The members of the workspace.
pub struct Workspace {
    /// The directory of the root manifest.
    pub root: PathBuf,
    /// Its members, sorted by directory.
    pub packages: Vec<Package>,
}

/// One member.
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its directory, relative to the root: `crates/bus`.
    pub dir: String,
    /// The directories of the members it depends on, whatever the kind of dependency.
    pub members: Vec<String>,
    /// Those of them that more than its tests need.
    pub built_with: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the workspace of the current directory.
    pub fn load() -> Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .output()
            .context("cargo metadata cannot be run")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::parse(&output.stdout)
    }

    /// The names of the roles: all of `services/` but the binary.
    pub fn roles(&self) -> Vec<&str> {
        let names = self.packages.iter().map(|package| &package.dir);
        let names = names.filter_map(|dir| dir.strip_prefix("services/"));
        names.filter(|name| *name != "trunkline").collect()
    }

    fn parse(metadata: &[u8]) -> Result<Self> {
        let metadata: Value = serde_json::from_slice(metadata)?;
        let root = PathBuf::from(text(&metadata["workspace_root"])?);
        let mut packages = Vec::new();
        for package in list(&metadata["packages"]) {
            let manifest = Path::new(text(&package["manifest_path"])?);
            let dir = manifest
                .parent()
                .context("a manifest without a directory")?;
            let mut members = Vec::new();
            let mut built_with = Vec::new();
            for dependency in list(&package["dependencies"]) {
                let Some(path) = dependency["path"].as_str() else {
                    continue;
                };
                let member = relative(&root, Path::new(path));
                if dependency["kind"] != "dev" {
                    built_with.push(member.clone());
                }
                members.push(member);
            }
            packages.push(Package {
                name: text(&package["name"])?.to_owned(),
                dir: relative(&root, dir),
                members,
                built_with,
            });
        }
        packages.sort_by(|a, b| a.dir.cmp(&b.dir));
        Ok(Self { root, packages })
    }
}

fn text(value: &Value) -> Result<&str> {
    value
        .as_str()
        .context("cargo metadata lacks a field that it used to have")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// `path` as seen from `root`, with forward slashes.
pub fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// The Rust files under a directory, in order; none when there is no such directory.
pub fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !dir.is_dir() {
        return Ok(found);
    }
    let mut entries = fs::read_dir(dir)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_cargo_says() {
        let metadata = br#"{"workspace_root": "/w", "packages": [
            {"name": "calls", "manifest_path": "/w/services/calls/Cargo.toml",
             "dependencies": [{"name": "role", "path": "/w/crates/role", "kind": null}, {"name": "serde"},
                {"name": "testkit", "path": "/w/crates/testkit", "kind": "dev"}]},
            {"name": "role", "manifest_path": "/w/crates/role/Cargo.toml", "dependencies": []}]}"#;
        let workspace = Workspace::parse(metadata).unwrap();
        let dirs: Vec<_> = workspace.packages.iter().map(|p| p.dir.as_str()).collect();
        assert_eq!(dirs, ["crates/role", "services/calls"]);
        let calls = &workspace.packages[1];
        assert_eq!(calls.members, ["crates/role", "crates/testkit"]);
        assert_eq!(calls.built_with, ["crates/role"]);
    }
}
