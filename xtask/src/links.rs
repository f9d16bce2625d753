//! Every link between the pages of this repository leads somewhere: to a file that there is, and to a heading in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Where pages are, beside the READMEs of the workspace's members.
const PAGES: &[&str] = &["docs", "deploy", "bench"];
/// The pages of the site, in its order.
pub const SUMMARY: &str = "docs/SUMMARY.md";

/// A page: its path from the root, and its text.
pub type Pages = BTreeMap<PathBuf, String>;

/// Every link that leads nowhere, and every page of `docs/` that the site does not have.
pub fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let pages = pages(workspace)?;
    let mut faults = Vec::new();
    for (page, text) in &pages {
        for link in links(text) {
            if let Some(why) = fault(&workspace.root, &pages, page, &link) {
                faults.push(format!("{}: [{link}]: {why}", page.display()));
            }
        }
    }
    let mut listed = BTreeSet::new();
    for page in summary(&pages).into_iter().filter_map(|line| line.page) {
        if listed.contains(&page) {
            faults.push(format!("{SUMMARY}: {} stands twice", page.display()));
        }
        listed.insert(page);
    }
    for page in pages.keys() {
        if page.starts_with("docs") && page != Path::new(SUMMARY) && !listed.contains(page) {
            faults.push(format!(
                "{SUMMARY}: no line for {}: the site does not have it",
                page.display()
            ));
        }
    }
    Ok(faults)
}

/// A line of the summary.
pub struct SummaryLine {
    /// What stands before the link: the indentation and the dash.
    pub before: String,
    /// The words of the link; of a line without one, the whole line.
    pub title: String,
    /// The page, from the root.
    pub page: Option<PathBuf>,
}

/// The summary, where a line whose link has a `*` stands for all pages of that form that no other line names.
pub fn summary(pages: &Pages) -> Vec<SummaryLine> {
    let text = pages.get(Path::new(SUMMARY)).map_or("", String::as_str);
    let named: BTreeSet<PathBuf> = links(text)
        .iter()
        .map(|link| resolved(Path::new(SUMMARY), link))
        .collect();
    let mut lines = Vec::new();
    for line in text.lines() {
        let Some((before, title, link)) = parts(line) else {
            lines.push(SummaryLine {
                before: String::new(),
                title: line.to_owned(),
                page: None,
            });
            continue;
        };
        let target = resolved(Path::new(SUMMARY), link);
        let line = |title: &str, page: PathBuf| SummaryLine {
            before: before.to_owned(),
            title: title.to_owned(),
            page: Some(page),
        };
        if link.contains('*') {
            let new = pages
                .iter()
                .filter(|(page, _)| is_of_form(page, &target) && !named.contains(*page));
            lines.extend(new.map(|(page, text)| line(heading(text), page.clone())));
        } else if !link.is_empty() {
            lines.push(line(title, target));
        } else {
            lines.push(SummaryLine {
                before: before.to_owned(),
                title: title.to_owned(),
                page: None,
            });
        }
    }
    lines
}

/// What stands before a line's link, its words, and where it leads.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once('[')?;
    let (title, rest) = rest.split_once("](")?;
    let (link, _) = rest.split_once(')')?;
    Some((before, title, link))
}

/// Whether a page's path is the other with one name, or a part of one, in place of the `*`.
fn is_of_form(page: &Path, form: &Path) -> bool {
    let (page, form) = (page.to_string_lossy(), form.to_string_lossy());
    form.split_once('*').is_some_and(|(before, after)| {
        let name = page
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after));
        name.is_some_and(|name| !name.contains('/'))
    })
}

/// A page's first heading.
fn heading(text: &str) -> &str {
    let headings = text.lines().filter_map(|line| line.strip_prefix("# "));
    headings.map(str::trim).next().unwrap_or("Without a title")
}

/// All pages: the README, those of the members, and what is in [`PAGES`].
pub fn pages(workspace: &Workspace) -> Result<Pages> {
    let root = &workspace.root;
    let mut found = vec![PathBuf::from("README.md")];
    for package in &workspace.packages {
        found.push(Path::new(&package.dir).join("README.md"));
    }
    for dir in PAGES {
        collect(root, Path::new(dir), &mut found)?;
    }
    let mut pages = Pages::new();
    for page in found {
        if let Ok(text) = fs::read_to_string(root.join(&page)) {
            pages.insert(page, text);
        }
    }
    Ok(pages)
}

fn collect(root: &Path, dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(root.join(dir)) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("{} cannot be read", dir.display()))?;
        let path = dir.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(root, &path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    Ok(())
}

fn fault(root: &Path, pages: &Pages, page: &Path, link: &str) -> Option<String> {
    // A form of the summary's stands for pages that there are.
    if is_elsewhere(link) || (page == Path::new(SUMMARY) && (link.is_empty() || link.contains('*')))
    {
        return None;
    }
    let target = resolved(page, link);
    if !root.join(&target).exists() {
        return Some(format!("there is no {}", target.display()));
    }
    let (_, anchor) = link.split_once('#')?;
    let text = match pages.get(&target) {
        Some(text) => text,
        None => return Some("a heading is named in what is no page".to_owned()),
    };
    (!anchors(text).contains(anchor))
        .then(|| format!("{} has no heading that becomes #{anchor}", target.display()))
}

/// Whether a link leads out of the repository, or to an item of rustdoc's.
pub fn is_elsewhere(link: &str) -> bool {
    let has_scheme = link.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '+')
    });
    has_scheme || link.contains("::")
}

/// The file that a link of a page names, from the root.
pub fn resolved(page: &Path, link: &str) -> PathBuf {
    let path = link.split('#').next().unwrap_or_default();
    if path.is_empty() {
        return page.to_owned();
    }
    let from = page.parent().unwrap_or(Path::new(""));
    let mut out = PathBuf::new();
    for part in from.join(path).components() {
        match part {
            // One that climbs out of the repository is found by its rest not being there.
            Component::ParentDir if !out.pop() => out.push(".."),
            Component::Normal(part) => out.push(part),
            _ => {}
        }
    }
    out
}

/// Where the links of a text lead. What is code is left out.
pub fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let plain = without_code(text);
    let mut rest = plain.as_str();
    while let Some(at) = rest.find("](") {
        rest = &rest[at + 2..];
        if let Some(end) = rest
            .find([')', '\n'])
            .filter(|end| rest[*end..].starts_with(')'))
        {
            // A title may stand behind it.
            let link = rest[..end].split_whitespace().next().unwrap_or_default();
            found.push(link.trim_matches(['<', '>']).to_owned());
        }
    }
    for line in plain.lines() {
        if let Some((_, target)) = line
            .trim_start()
            .strip_prefix('[')
            .and_then(|l| l.split_once("]: "))
        {
            found.push(
                target
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
    }
    found
}

/// The text without fenced and inline code, line by line.
fn without_code(text: &str) -> String {
    let mut out = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with("    ") {
            let outside = line.split('`').step_by(2);
            out += &outside.collect::<Vec<_>>().join("`");
        }
        out.push('\n');
    }
    out
}

/// What the headings of a page are called in an address, as GitHub and mdBook make it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        let is_heading = !fenced && heading.len() < line.len() && heading.starts_with(' ');
        if !is_heading {
            continue;
        }
        let anchor = slug(heading.trim());
        let times = seen.entry(anchor.clone()).or_default();
        anchors.insert(match *times {
            0 => anchor,
            n => format!("{anchor}-{n}"),
        });
        *times += 1;
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading
        .chars()
        .filter(kept)
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let package = Package {
            name: "bus".to_owned(),
            dir: "crates/bus".to_owned(),
            members: Vec::new(),
            built_with: Vec::new(),
        };
        check(&Workspace {
            root: dir.path().to_owned(),
            packages: vec![package],
        })
        .unwrap()
    }

    #[test]
    fn link_to_a_file_or_heading_that_is_missing_is_a_fault() {
        let found = faults(&[
            (
                "README.md",
                "[a](docs/a.md) [b](docs/b.md)\n[c](docs/a.md#no)\n[d](#own)",
            ),
            ("docs/a.md", "# A `b` & c\n[up](../README.md#a)"),
            ("docs/SUMMARY.md", "[A](a.md)"),
        ]);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            found[0].contains("[docs/b.md]: there is no docs/b.md"),
            "{found:?}"
        );
        assert!(found[1].contains("#no"), "{found:?}");
    }

    #[test]
    fn page_outside_the_summary_or_twice_in_it_is_a_fault() {
        let twice = [
            ("docs/a.md", "# A"),
            ("docs/SUMMARY.md", "[A](a.md)\n[A](a.md)"),
        ];
        assert_eq!(faults(&twice), ["docs/SUMMARY.md: docs/a.md stands twice"]);
        let found = faults(&[("docs/a.md", "# A"), ("docs/SUMMARY.md", "# S")]);
        assert_eq!(
            found,
            ["docs/SUMMARY.md: no line for docs/a.md: the site does not have it"]
        );
    }

    #[test]
    fn links_that_lead_somewhere_are_no_faults() {
        let found = faults(&[
            (
                "README.md",
                "[a](docs/a.md#a-b--c-1 \"title\") [x](https://twilio.example/no)\n`[no](no.md)`\n\n    [no](no.md)\n\n[r][r]\n[r]: docs/a.md",
            ),
            (
                "crates/bus/README.md",
                "[`Bus`](crate::Bus) [a](../../docs/a.md)",
            ),
            (
                "docs/a.md",
                "# A `b` & c\n## A b & c\n```\n[no](no.md)\n# no\n```\n",
            ),
            ("docs/d/1.md", "# One"),
            ("docs/SUMMARY.md", "[A](a.md)\n- [D]()\n  - [*](d/*.md)\n"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
