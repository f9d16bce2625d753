//! No circle between the files of one crate, nor between its modules: an idea that two of them share is a third one.
//!
//! A file depends on another when it names something that is defined there. A `pub use` names without depending, and what is
//! named by way of one is looked up where it leads. A module depends on another beside it when a file of the one, however deep,
//! depends on a file of the other.

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
            let found = [
                ("files", circles(&modules)),
                ("modules", module_circles(&modules)),
            ];
            for (what, found) in found {
                for circle in found {
                    count += 1;
                    writeln!(
                        out,
                        "error: {}: {} {what} depend on each other: {}",
                        package.dir,
                        circle.members.len(),
                        circle.example.join(" -> ")
                    )?;
                }
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

/// Files, or modules, that all depend on each other.
struct Circle {
    /// Each by its file, in the order of their names.
    members: Vec<String>,
    /// A way round through two of them or more.
    example: Vec<String>,
}

/// What depends on what.
type Edges = BTreeMap<Name, BTreeSet<Name>>;

fn circles(modules: &Modules) -> Vec<Circle> {
    let label = |name: &Name| modules[name].file.clone();
    around(&edges(modules), label)
}

/// Circles between modules that stand beside each other, each with all that is beneath it.
fn module_circles(modules: &Modules) -> Vec<Circle> {
    let mut by_parent: BTreeMap<Name, Edges> = BTreeMap::new();
    for (from, targets) in edges(modules) {
        for target in targets {
            let shared = from.iter().zip(&target).take_while(|(a, b)| a == b).count();
            // One is above the other: that is a matter of files.
            if shared == from.len() || shared == target.len() {
                continue;
            }
            let beside = by_parent.entry(from[..shared].to_vec()).or_default();
            beside.entry(target[..=shared].to_vec()).or_default();
            let targets = beside.entry(from[..=shared].to_vec()).or_default();
            targets.insert(target[..=shared].to_vec());
        }
    }
    let between_files = circles(modules);
    let found = by_parent
        .values()
        .flat_map(|edges| around(edges, |name| modules[name].file.clone()));
    // One between files that have nothing beneath them is told already.
    found
        .filter(|circle| {
            !between_files
                .iter()
                .any(|told| told.example == circle.example)
        })
        .collect()
}

fn edges(modules: &Modules) -> Edges {
    modules
        .iter()
        .map(|(name, module)| {
            let named = module.source.named.iter();
            let targets = named
                .filter(|named| !matches!(named.from, From::Reexport(_)))
                .filter_map(|named| resolve(modules, name, &named.path, 8))
                .filter(|target| target != name && modules.contains_key(target))
                .collect();
            (name.clone(), targets)
        })
        .collect()
}

/// The circles of a graph.
fn around(edges: &Edges, label: impl Fn(&Name) -> String) -> Vec<Circle> {
    let reach = |from: &Name| {
        let mut before: BTreeMap<&Name, &Name> = BTreeMap::new();
        let mut waiting = VecDeque::new();
        let Some((start, _)) = edges.get_key_value(from) else {
            return before;
        };
        waiting.push_back(start);
        while let Some(at) = waiting.pop_front() {
            for next in &edges[at] {
                if !before.contains_key(next) {
                    before.insert(next, at);
                    waiting.push_back(next);
                }
            }
        }
        before
    };
    let reached: BTreeMap<&Name, BTreeMap<&Name, &Name>> =
        edges.keys().map(|name| (name, reach(name))).collect();
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
        let mut example = vec![label(name)];
        let mut at = before[*name];
        while at != *name {
            example.push(label(at));
            at = before[at];
        }
        example.push(label(name));
        example.reverse();
        found.push(Circle {
            members: together.iter().map(|name| label(name)).collect(),
            example,
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules_of(files: &[(&str, &str)]) -> Modules {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        read(dir.path(), &dir.path().join("lib.rs")).unwrap()
    }

    fn tree(files: &[(&str, &str)]) -> Vec<Circle> {
        circles(&modules_of(files))
    }

    #[test]
    fn files_that_name_each_other_are_a_circle() {
        let found = tree(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B(super::a::A);"),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].members.len(), 2);
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
    fn modules_whose_files_name_each_other_are_a_circle() {
        let modules = modules_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod part; use crate::b::B; pub struct A;"),
            ("a/part.rs", "pub struct Part;"),
            ("b.rs", "mod part; pub struct B;"),
            ("b/part.rs", "use crate::a::part::Part;"),
        ]);
        assert!(circles(&modules).is_empty());
        let found = module_circles(&modules);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].members.len(), 2);
        assert_eq!(found[0].example, ["a/mod.rs", "b.rs", "a/mod.rs"]);
    }

    #[test]
    fn module_that_uses_its_own_parts_is_no_circle() {
        let modules = modules_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod x; mod y; use x::X; use crate::b::B;"),
            ("a/x.rs", "use super::y::Y; pub struct X;"),
            ("a/y.rs", "pub struct Y;"),
            ("b.rs", "pub struct B;"),
        ]);
        assert!(module_circles(&modules).is_empty());
    }

    #[test]
    fn circle_of_files_is_told_once() {
        let modules = modules_of(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B(super::a::A);"),
        ]);
        assert!(module_circles(&modules).is_empty());
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
