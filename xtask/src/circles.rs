//! No circle between the files of one crate: an idea that two files share is a third file.
//!
//! A file depends on another when it names something that is defined there. A `pub use` names without depending, and what is
//! named by way of one is looked up where it leads.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::tokens::{self, From, Source};
use crate::workspace::{Workspace, relative};

/// Where the source of a crate begins.
const ROOTS: &[&str] = &["src/lib.rs", "src/main.rs"];

/// A module's path within its crate; the root's is empty.
type Name = Vec<String>;

/// A module that is a file.
struct Module {
    file: String,
    source: Source,
}

type Modules = BTreeMap<Name, Module>;

/// Prints the circles of every crate; whether there is none.
pub fn run(workspace: &Workspace, out: &mut dyn Write) -> Result<bool> {
    let mut count = 0;
    for package in &workspace.packages {
        for root in ROOTS {
            let path = workspace.root.join(&package.dir).join(root);
            if !path.is_file() {
                continue;
            }
            let modules = read(&workspace.root, &path)?;
            for circle in circles(&modules) {
                count += 1;
                writeln!(
                    out,
                    "error: {}: {} files depend on each other: {}",
                    package.dir,
                    circle.files,
                    circle.example.join(" -> ")
                )?;
            }
        }
    }
    match count {
        0 => writeln!(out, "circles: in order")?,
        n => writeln!(
            out,
            "circles: {n} to mend; give the idea that files share a file of its own"
        )?,
    }
    Ok(count == 0)
}

fn read(workspace: &Path, root: &Path) -> Result<Modules> {
    let dir = root.parent().unwrap_or(root).to_owned();
    let mut modules = Modules::new();
    let mut waiting = vec![(Name::new(), root.to_owned(), dir)];
    while let Some((name, path, dir)) = waiting.pop() {
        let file = relative(workspace, &path);
        let text = fs::read_to_string(&path).with_context(|| format!("{file} cannot be read"))?;
        let source = tokens::read(&text).with_context(|| file.clone())?;
        for module in &source.modules {
            let below = dir.join(module);
            let candidates: [PathBuf; 2] = [dir.join(format!("{module}.rs")), below.join("mod.rs")];
            // Neither is there for a module that `#[path]` puts elsewhere.
            if let Some(path) = candidates.into_iter().find(|path| path.is_file()) {
                let mut child = name.clone();
                child.push(module.clone());
                waiting.push((child, path, below));
            }
        }
        modules.insert(name, Module { file, source });
    }
    Ok(modules)
}

/// The module in which what a path names is defined, seen from a module; none when that is another crate.
fn resolve(modules: &Modules, from: &Name, path: &[String], steps: usize) -> Option<Name> {
    let mut at = from.clone();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => {
            at.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {}
        first => {
            at.push(first.to_owned());
            if !modules.contains_key(&at) {
                return None;
            }
            rest = &rest[1..];
        }
    }
    while rest.first().is_some_and(|s| s == "super") {
        at.pop();
        rest = &rest[1..];
    }
    while let Some(segment) = rest.first() {
        at.push(segment.clone());
        if !modules.contains_key(&at) {
            at.pop();
            break;
        }
        rest = &rest[1..];
    }
    match rest.first() {
        Some(item) if steps > 0 => Some(definition(modules, &at, item, rest, steps)),
        _ => Some(at),
    }
}

/// Where an item is defined that a module has, or passes on.
fn definition(modules: &Modules, at: &Name, item: &str, rest: &[String], steps: usize) -> Name {
    let Some(module) = modules.get(at) else {
        return at.clone();
    };
    if module.source.items.iter().any(|known| known == item) {
        return at.clone();
    }
    for named in &module.source.named {
        let (From::Use(name) | From::Reexport(name)) = &named.from else {
            continue;
        };
        if name == item {
            let mut path = named.path.clone();
            path.extend_from_slice(&rest[1..]);
            return resolve(modules, at, &path, steps - 1).unwrap_or_else(|| at.clone());
        }
        if name == "*" {
            let beneath = resolve(modules, at, &named.path[..named.path.len() - 1], steps - 1);
            let defines = |name: &Name| {
                modules
                    .get(name)
                    .is_some_and(|m| m.source.items.iter().any(|known| known == item))
            };
            if let Some(found) = beneath.filter(|name| name != at && defines(name)) {
                return found;
            }
        }
    }
    at.clone()
}

/// Files that all depend on each other.
struct Circle {
    files: usize,
    /// A way round through two of them or more.
    example: Vec<String>,
}

fn circles(modules: &Modules) -> Vec<Circle> {
    let edges: BTreeMap<&Name, BTreeSet<&Name>> = modules
        .iter()
        .map(|(name, module)| {
            let named = module.source.named.iter();
            let targets = named
                .filter(|named| !matches!(named.from, From::Reexport(_)))
                .filter_map(|named| resolve(modules, name, &named.path, 8))
                .filter(|target| target != name)
                .filter_map(|target| modules.get_key_value(&target).map(|(key, _)| key))
                .collect();
            (name, targets)
        })
        .collect();
    let reach = |from: &Name| {
        let mut before: BTreeMap<&Name, &Name> = BTreeMap::new();
        let mut waiting = VecDeque::new();
        let Some((start, _)) = edges.get_key_value(from) else {
            return before;
        };
        waiting.push_back(*start);
        while let Some(at) = waiting.pop_front() {
            for next in &edges[at] {
                if !before.contains_key(*next) {
                    before.insert(next, at);
                    waiting.push_back(next);
                }
            }
        }
        before
    };
    let reached: BTreeMap<&Name, BTreeMap<&Name, &Name>> =
        edges.keys().map(|name| (*name, reach(name))).collect();
    let mut seen: BTreeSet<&Name> = BTreeSet::new();
    let mut found = Vec::new();
    for (name, before) in &reached {
        if !before.contains_key(*name) || seen.contains(name) {
            continue;
        }
        let together: Vec<&&Name> = reached
            .iter()
            .filter(|(other, theirs)| before.contains_key(**other) && theirs.contains_key(*name))
            .map(|(other, _)| other)
            .collect();
        seen.extend(together.iter().copied());
        let mut example = vec![modules[*name].file.clone()];
        let mut at = before[*name];
        while at != *name {
            example.push(modules[at].file.clone());
            at = before[at];
        }
        example.push(modules[*name].file.clone());
        example.reverse();
        found.push(Circle {
            files: together.len(),
            example,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Vec<Circle> {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        circles(&read(dir.path(), &dir.path().join("lib.rs")).unwrap())
    }

    #[test]
    fn files_that_name_each_other_are_a_circle() {
        let found = tree(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B(super::a::A);"),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].files, 2);
        assert_eq!(found[0].example, ["a.rs", "b.rs", "a.rs"]);
    }

    #[test]
    fn name_that_a_parent_passes_on_is_looked_up_where_it_is_defined() {
        let found = tree(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
            ("a.rs", "pub struct A;"),
            ("b.rs", "use crate::A; pub struct B;"),
        ]);
        assert!(found.is_empty());
    }

    #[test]
    fn child_that_uses_its_parents_own_item_is_a_circle() {
        let found = tree(&[
            ("lib.rs", "mod a; fn f() { a::g() } pub struct Own;"),
            ("a.rs", "use super::Own; pub fn g() {}"),
        ]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn tests_are_left_out() {
        let found = tree(&[
            ("lib.rs", "mod a; #[cfg(test)] mod b;"),
            ("a.rs", "#[cfg(test)] mod tests { use crate::b::B; }"),
            ("b.rs", "use crate::a::A;"),
        ]);
        assert!(found.is_empty());
    }
}
