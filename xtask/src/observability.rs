//! Alerts and dashboards name metrics: each is one of the code's, and each alert has its runbook.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

const ALERTS: &str = "deploy/alerts.yml";
const DASHBOARDS: &str = "deploy/dashboards";
/// What a histogram's series are called beside its name.
const SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];
/// What stands in an expression and is no metric.
const WORDS: [&str; 6] = [
    "histogram_quantile",
    "group_left",
    "group_right",
    "label_replace",
    "count_over_time",
    "max_over_time",
];

/// What is wrong.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut sources = String::new();
    for folder in ["crates", "services"] {
        read_sources(&root.join(folder), &mut sources)?;
    }
    let known = recorded(&sources);
    let text = fs::read_to_string(root.join(ALERTS)).with_context(|| ALERTS.to_owned())?;
    let mut faults = Vec::new();
    for alert in alerts(&text) {
        unknown(
            &format!("{ALERTS}: {}", alert.name),
            &alert.expr,
            &known,
            &mut faults,
        );
        if !root.join(&alert.runbook).is_file() {
            faults.push(format!(
                "{ALERTS}: {} has no runbook; write {}",
                alert.name,
                if alert.runbook.is_empty() {
                    "docs/runbooks/NAME.md and its annotation `runbook`"
                } else {
                    &alert.runbook
                }
            ));
        }
    }
    for entry in fs::read_dir(root.join(DASHBOARDS))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let dashboard: Value =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let panels = dashboard["panels"].as_array().into_iter().flatten();
        for panel in panels {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expr = target["expr"].as_str().unwrap_or_default();
                let place = format!("{DASHBOARDS}: {}", panel["title"]);
                unknown(&place, expr, &known, &mut faults);
            }
        }
    }
    Ok(faults)
}

/// An alert's lines: the file is written one key a line, so that no reader of YAML is needed.
#[derive(Debug, Default, PartialEq)]
struct Alert {
    name: String,
    expr: String,
    runbook: String,
}

fn alerts(text: &str) -> Vec<Alert> {
    let mut all: Vec<Alert> = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.trim_start_matches([' ', '-']).split_once(": ") else {
            continue;
        };
        let value = value.trim_matches('\'').replace("''", "'");
        match (key, all.last_mut()) {
            ("alert", _) => all.push(Alert {
                name: value,
                ..Alert::default()
            }),
            ("expr", Some(alert)) => alert.expr = value,
            ("runbook", Some(alert)) => alert.runbook = value,
            _ => {}
        }
    }
    all
}

fn unknown(place: &str, expr: &str, known: &BTreeSet<String>, faults: &mut Vec<String>) {
    for metric in named(expr) {
        let is_series = |series: &str| {
            let of = metric.strip_suffix(series);
            of.is_some_and(|of| known.contains(of))
        };
        if !known.contains(&metric) && !SERIES.into_iter().any(is_series) {
            faults.push(format!("{place}: no code records the metric {metric}"));
        }
    }
}

/// The metrics of an expression: its words with an underscore, outside of braces and of lists of labels.
fn named(expr: &str) -> BTreeSet<String> {
    let (mut plain, mut depth) = (String::new(), 0);
    for c in expr.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = plain.as_str();
    let mut found = BTreeSet::new();
    while let Some(start) = rest.find(is_word) {
        let word = &rest[start..];
        let length = word.find(|c| !is_word(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(length);
        rest = after;
        if matches!(word, "by" | "without" | "on" | "ignoring")
            && let Some(end) = rest.find(')')
        {
            rest = &rest[end..];
        } else if word.contains('_') && !WORDS.contains(&word) {
            found.insert(word.to_owned());
        }
    }
    found
}

/// The metrics that the code records: the first text in each of these macros.
fn recorded(sources: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for recorder in ["counter!(", "gauge!(", "histogram!("] {
        for part in sources.split(recorder).skip(1) {
            let name = part.trim_start().strip_prefix('"');
            let name = name.and_then(|part| part.split('"').next());
            found.extend(name.map(str::to_owned));
        }
    }
    found
}

fn read_sources(folder: &Path, into: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_sources(&path, into)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            into.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expression_names_its_metrics_and_no_labels() {
        let expr = r#"histogram_quantile(0.99, sum by (le, by_path) (rate(a_seconds_bucket{b_c="d_e"}[5m]))) > on (x_y) f_total"#;
        let found: Vec<_> = named(expr).into_iter().collect();
        assert_eq!(found, ["a_seconds_bucket", "f_total"]);
    }

    #[test]
    fn metric_that_no_code_records_is_told() {
        let known = recorded("counter!(\n  \"a_total\", \"x\" => y); histogram!(\"b_seconds\")");
        let mut faults = Vec::new();
        unknown("here", "a_total + b_seconds_count", &known, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        unknown("here", "rate(c_total[5m])", &known, &mut faults);
        assert_eq!(faults, ["here: no code records the metric c_total"]);
    }

    #[test]
    fn alert_is_read_with_its_runbook() {
        let text = "groups:\n- name: x\n  rules:\n  - alert: A\n    expr: 'a_total{b=''c''} > 1'\n    annotations:\n      runbook: docs/runbooks/a.md\n";
        let alert = Alert {
            name: "A".to_owned(),
            expr: "a_total{b='c'} > 1".to_owned(),
            runbook: "docs/runbooks/a.md".to_owned(),
        };
        assert_eq!(alerts(text), [alert]);
    }
}
