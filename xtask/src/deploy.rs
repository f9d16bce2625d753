//! What is deployed follows the binary's list of roles: `deploy/chart/roles.json`, which `trunkline roles` prints and a test of
//! the binary holds to its list. The chart reads that file itself; nginx, compose, Prometheus and a script have lines written
//! from it, between two marks.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

const LIST: &str = "deploy/chart/roles.json";

/// A region of a file: its name in the marks, and the lines in it.
type Region = (&'static str, &'static str, fn(&Roles) -> String);

const REGIONS: &[Region] = &[
    ("deploy/nginx.conf", "roles", nginx),
    ("docker-compose.split.yml", "roles", compose_services),
    ("docker-compose.split.yml", "role volumes", compose_volumes),
    ("deploy/prometheus.yml", "roles", prometheus),
    ("scripts/split.sh", "roles", script),
];

/// The list.
struct Roles {
    names: Vec<String>,
    /// A path, with `{names}`, and the role that serves what begins with it.
    paths: Vec<(String, String)>,
}

impl Roles {
    fn read(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(LIST))
            .with_context(|| format!("{LIST} cannot be read"))?;
        Self::parse(&text)
            .with_context(|| format!("{LIST} is not what `trunkline roles` prints: write it again"))
    }

    fn parse(text: &str) -> Result<Self> {
        let list: Value = serde_json::from_str(text)?;
        let field = |value: &Value, name: &str| {
            value[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("an entry without {name}"))
        };
        let entries = |name: &str| {
            list[name]
                .as_array()
                .with_context(|| format!("no list {name}"))
        };
        let roles = Self {
            names: entries("roles")?
                .iter()
                .map(|role| field(role, "name"))
                .collect::<Result<_>>()?,
            paths: entries("paths")?
                .iter()
                .map(|path| Ok((field(path, "path")?, field(path, "role")?)))
                .collect::<Result<_>>()?,
        };
        for (path, role) in &roles.paths {
            ensure!(
                roles.names.contains(role),
                "{path} belongs to {role}, which is no role"
            );
        }
        Ok(roles)
    }
}

/// Every file whose lines are not those of the list.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let roles = Roles::read(root)?;
    let mut faults = Vec::new();
    for (file, text, wanted) in files(root, &roles)? {
        if text != wanted {
            faults.push(format!(
                "{file}: does not fit {LIST}: run `cargo run --bin xtask -- deploy --write`"
            ));
        }
    }
    Ok(faults)
}

/// Writes those files.
pub fn write(root: &Path) -> Result<()> {
    let roles = Roles::read(root)?;
    for (file, text, wanted) in files(root, &roles)? {
        if text != wanted {
            fs::write(root.join(file), wanted)
                .with_context(|| format!("{file} cannot be written"))?;
        }
    }
    Ok(())
}

/// Each file as it is and as it should be.
fn files(root: &Path, roles: &Roles) -> Result<Vec<(&'static str, String, String)>> {
    let mut files: Vec<(&'static str, String, String)> = Vec::new();
    for (file, region, lines) in REGIONS {
        if !files.iter().any(|(known, ..)| known == file) {
            let text = fs::read_to_string(root.join(file))
                .with_context(|| format!("{file} cannot be read"))?;
            files.push((file, text.clone(), text));
        }
        for (_, _, wanted) in files.iter_mut().filter(|(known, ..)| known == file) {
            *wanted =
                replaced(wanted, region, &lines(roles)).with_context(|| (*file).to_owned())?;
        }
    }
    Ok(files)
}

/// The text with other lines between the marks of a region, indented as the marks are.
fn replaced(text: &str, region: &str, lines: &str) -> Result<String> {
    let begin = format!("# {region}: written by `xtask deploy --write`");
    let end = format!("# end of {region}");
    let mut out = String::new();
    let mut inside = false;
    let mut found = false;
    for line in text.lines() {
        let mark = line.trim_start();
        if mark == end {
            inside = false;
        }
        if !inside {
            writeln!(out, "{line}")?;
        }
        if mark == begin {
            let indent = &line[..line.len() - mark.len()];
            for line in lines.lines() {
                let line = format!("{indent}{line}");
                writeln!(out, "{}", line.trim_end())?;
            }
            inside = true;
            found = true;
        }
    }
    if !found || inside {
        bail!("lacks the lines `{begin}` and `{end}`");
    }
    Ok(out)
}

fn nginx(roles: &Roles) -> String {
    let mut out = String::new();
    for (path, role) in &roles.paths {
        let segments: Vec<&str> = path
            .split('/')
            .map(|s| if s.starts_with('{') { "[^/]+" } else { s })
            .collect();
        out += &format!("~^{}(/|$) {role};\n", segments.join("/"));
    }
    out
}

fn compose_services(roles: &Roles) -> String {
    let mut out = String::new();
    for role in &roles.names {
        out += &format!(
            "{role}:\n  <<: *role\n  command: [up, --role, {role}, --port, \"8080\", --data-dir, /data, --config, /secrets/trunkline.toml]\n  volumes: [\"{role}:/data\", \"objects:/data/objects\", \"secrets:/secrets:ro\"]\n\n"
        );
    }
    out.trim_end().to_owned()
}

fn compose_volumes(roles: &Roles) -> String {
    roles
        .names
        .iter()
        .map(|role| format!("{role}:\n"))
        .collect()
}

fn prometheus(roles: &Roles) -> String {
    let mut targets = vec!["trunkline:8080".to_owned()];
    targets.extend(roles.names.iter().map(|role| format!("{role}:8080")));
    format!("- targets: [{}]", targets.join(", "))
}

/// ingress first: its port is the one that is named.
fn script(roles: &Roles) -> String {
    let mut names: Vec<&str> = roles.names.iter().map(String::as_str).collect();
    names.sort_by_key(|name| *name != "ingress");
    format!("roles=({})", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: &str = r#"{"roles": [{"name": "calls"}, {"name": "ingress"}],
        "paths": [{"path": "/calls/{id}/x", "role": "calls"}]}"#;

    #[test]
    fn region_between_its_marks_is_replaced() {
        let text = "a\n  # roles: written by `xtask deploy --write`\n  old\n  # end of roles\nb\n";
        let wanted = replaced(text, "roles", "new\nlines").unwrap();
        assert_eq!(
            wanted,
            "a\n  # roles: written by `xtask deploy --write`\n  new\n  lines\n  # end of roles\nb\n"
        );
        assert_eq!(replaced(&wanted, "roles", "new\nlines").unwrap(), wanted);
    }

    #[test]
    fn region_without_marks_is_an_error() {
        assert!(replaced("a\n", "roles", "b").is_err());
        let open = "# roles: written by `xtask deploy --write`\n";
        assert!(replaced(open, "roles", "b").is_err());
    }

    #[test]
    fn list_of_roles_becomes_lines() {
        let roles = Roles::parse(ROLES).unwrap();
        assert_eq!(nginx(&roles), "~^/calls/[^/]+/x(/|$) calls;\n");
        assert_eq!(script(&roles), "roles=(ingress calls)");
        assert!(compose_services(&roles).contains("--role, ingress"));
    }

    #[test]
    fn path_of_an_unknown_role_is_an_error() {
        assert!(Roles::parse(&ROLES.replace("\"calls\"}]}", "\"call\"}]}")).is_err());
    }
}
