//! axe-core, from npm into `target/`, fetched once.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::driver::Chromium;

const VERSION: &str = "4.10.3";

fn source() -> String {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let dir = target.join("axe");
    let file = dir.join("node_modules/axe-core/axe.min.js");
    if !file.exists() {
        std::fs::create_dir_all(&dir).unwrap();
        let package = format!("axe-core@{VERSION}");
        let fetched = Command::new("npm")
            .args([
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--prefix",
            ])
            .arg(&dir)
            .arg(package)
            .output();
        let fetched = fetched.expect("npm is missing: on Debian and Ubuntu, apt-get install npm");
        assert!(
            fetched.status.success(),
            "axe-core cannot be had: {fetched:?}"
        );
    }
    std::fs::read_to_string(file).unwrap()
}

/// What a page has that keeps people from using it: serious and worse.
pub async fn faults(browser: &Chromium) -> Vec<String> {
    browser.run(&source(), Value::Array(Vec::new())).await;
    let found = browser
        .run_async(
            "const done = arguments[arguments.length - 1];
             axe.run(document, { resultTypes: ['violations'] }).then(
                 (it) => done(it.violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.html).slice(0, 3).join(' | ')])),
                 (error) => done([['critical', 'axe', String(error)]]));",
        )
        .await;
    let serious = |it: &&Value| matches!(it[0].as_str(), Some("serious" | "critical"));
    let found = found.as_array().cloned().unwrap_or_default();
    found
        .iter()
        .filter(serious)
        .map(ToString::to_string)
        .collect()
}
