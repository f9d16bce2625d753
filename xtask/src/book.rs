//! The sources of the site: the pages at their places, what they link to beside them, and a `SUMMARY.md` from their root, so
//! that links between `docs/` and the READMEs hold in the site as they do in the repository.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::links::{self, Pages, SUMMARY, SummaryLine};
use crate::workspace::Workspace;

/// Where mdBook finds them.
const SOURCES: &str = "target/book-src";
const CONFIG: &str = "docs/book.toml";

/// Writes them anew.
pub fn write(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    let out = root.join(SOURCES);
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("{SOURCES} cannot be removed"))?;
    }
    let pages = links::pages(workspace)?;
    for (page, text) in pages.iter().filter(|(page, _)| *page != Path::new(SUMMARY)) {
        put(
            &out.join("src").join(page),
            rewritten(root, page, text).as_bytes(),
        )?;
        for link in links::links(text) {
            copy_linked(root, &out, page, &link)?;
        }
    }
    put(&out.join("src/SUMMARY.md"), from_root(&pages).as_bytes())?;
    let config = fs::read(root.join(CONFIG)).with_context(|| format!("{CONFIG} cannot be read"))?;
    put(&out.join("book.toml"), &config)
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().context("a page without a folder")?;
    fs::create_dir_all(dir)?;
    fs::write(path, bytes).with_context(|| format!("{} cannot be written", path.display()))
}

/// Pictures, samples and sources that a page links to. Pages come by themselves.
fn copy_linked(root: &Path, out: &Path, page: &Path, link: &str) -> Result<()> {
    let target = links::resolved(page, link);
    let is_page = target.extension().is_some_and(|ending| ending == "md");
    if links::is_elsewhere(link) || is_page || !root.join(&target).is_file() {
        return Ok(());
    }
    let bytes = fs::read(root.join(&target))?;
    put(&out.join("src").join(&target), &bytes)
}

/// A link to a folder leads to its README in the site.
fn rewritten(root: &Path, page: &Path, text: &str) -> String {
    let mut text = text.to_owned();
    for link in links::links(&text) {
        let target = links::resolved(page, &link);
        if !links::is_elsewhere(&link) && root.join(&target).join("README.md").is_file() {
            let to = format!("]({}/README.md)", link.trim_end_matches('/'));
            text = text.replace(&format!("]({link})"), &to);
        }
    }
    text
}

/// The summary with its links from the root.
fn from_root(pages: &Pages) -> String {
    let mut out = String::new();
    for SummaryLine {
        before,
        title,
        page,
    } in links::summary(pages)
    {
        // Writing to a String cannot fail.
        let _ = match page {
            Some(page) => writeln!(out, "{before}[{title}]({})", page.display()),
            None if before.is_empty() => writeln!(out, "{title}"),
            None => writeln!(out, "{before}[{title}]()"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_is_read_from_the_root_and_unfolded() {
        let pages = Pages::from([
            (
                SUMMARY.into(),
                "# S\n- [A](a.md)\n- [B]()\n  - [*](../services/*/README.md)\n".to_owned(),
            ),
            ("services/b/README.md".into(), "# The b\n".to_owned()),
            ("services/b/more/README.md".into(), "# No\n".to_owned()),
        ]);
        assert_eq!(
            from_root(&pages),
            "# S\n- [A](docs/a.md)\n- [B]()\n  - [The b](services/b/README.md)\n"
        );
    }

    #[test]
    fn sources_have_pages_and_what_they_link_to() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("README.md", "[d](docs/x) [p](docs/p.svg)"),
            ("docs/x/README.md", "# X"),
            ("docs/p.svg", "<svg/>"),
            (SUMMARY, "[X](x/README.md)"),
            (CONFIG, "[book]"),
        ] {
            put(&dir.path().join(path), text.as_bytes()).unwrap();
        }
        let workspace = Workspace {
            root: dir.path().to_owned(),
            packages: Vec::new(),
        };
        write(&workspace).unwrap();
        let read = |path: &str| fs::read_to_string(dir.path().join(SOURCES).join(path)).unwrap();
        assert_eq!(
            read("src/README.md"),
            "[d](docs/x/README.md) [p](docs/p.svg)"
        );
        assert_eq!(read("src/docs/p.svg"), "<svg/>");
        assert_eq!(read("src/SUMMARY.md"), "[X](docs/x/README.md)\n");
    }
}
