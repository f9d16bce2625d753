//! Reading a setting, whatever it means.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use url::Url;

use super::{KNOWN, Secret, Strings};
use crate::known::nearest;

/// Reads single settings, and keeps what is wrong with them.
pub(crate) struct Reader<'a> {
    pub source: &'a dyn Strings,
    pub file: BTreeMap<String, String>,
    pub faults: Vec<String>,
}

impl Reader<'_> {
    pub fn fault(&mut self, name: &str, what: impl fmt::Display) {
        self.faults.push(format!("{name} {what}"));
    }

    pub fn read_file(&mut self, path: &Path) {
        let shown = path.display();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return,
            Err(e) => return self.faults.push(format!("{shown} cannot be read: {e}")),
        };
        let table: toml::Table = match text.parse() {
            Ok(table) => table,
            // The parser's message quotes the line, which may hold a secret.
            Err(_) => {
                return self
                    .faults
                    .push(format!("{shown} is not TOML; write name = \"value\" lines"));
            }
        };
        for (name, value) in table {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(n) => n.to_string(),
                toml::Value::Boolean(b) => b.to_string(),
                toml::Value::Array(items) => serde_json::to_string(&items).unwrap_or_default(),
                _ => {
                    self.faults.push(format!(
                        "{shown}: {name} must be a text, a number, true/false or a list"
                    ));
                    continue;
                }
            };
            let upper = name.to_uppercase();
            if name != name.to_lowercase() || !KNOWN.iter().any(|(known, _)| *known == upper) {
                self.faults.push(format!(
                    "{shown}: {name} is not a setting; {}",
                    nearest(&upper)
                ));
            }
            self.file.insert(upper, text);
        }
    }

    pub fn refuse_unknown(&mut self) {
        for name in self.source.names() {
            if name.starts_with("TRUNKLINE_") && !KNOWN.iter().any(|(known, _)| *known == name) {
                self.fault(&name, format!("is not a setting; {}", nearest(&name)));
            }
        }
    }

    /// A value; a blank one counts as unset, as `docker-compose` passes unset variables.
    pub fn get(&self, name: &str) -> Option<String> {
        let text = |value: String| Some(value.trim().to_owned()).filter(|v| !v.is_empty());
        let set = self.source.get(name).and_then(text);
        set.or_else(|| self.file.get(name).cloned().and_then(text))
    }

    pub fn key(&mut self, name: &str) -> Option<Secret> {
        let value = self.get(name)?;
        if value.len() < 8 {
            self.fault(name, "is shorter than 8 characters; use a long random text");
        }
        Some(Secret::new(value))
    }

    pub fn scheme(&mut self, name: &str, schemes: &[&str]) -> Option<Secret> {
        let value = self.get(name)?;
        if !schemes.iter().any(|s| value.starts_with(s)) {
            self.fault(name, format!("must begin with {}", schemes.join(" or ")));
        }
        Some(Secret::new(value))
    }

    pub fn url(&mut self, name: &str) -> Option<Url> {
        let value = self.get(name)?;
        match Url::parse(&value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                self.fault(
                    name,
                    "is not a web address; write https://host or http://host:port",
                );
                None
            }
        }
    }

    pub fn number(&mut self, name: &str) -> Option<u16> {
        let value = self.get(name)?;
        let number = value.parse().ok().filter(|n| *n > 0);
        if number.is_none() {
            self.fault(name, "is not a number from 1 to 65535");
        }
        number
    }

    /// A web address as text, without a slash at its end, so that a path can follow.
    pub fn address(&mut self, name: &str) -> Option<String> {
        self.url(name)
            .map(|url| url.as_str().trim_end_matches('/').to_owned())
    }

    /// `true` or `false`; unset: false.
    pub fn yes_no(&mut self, name: &str) -> bool {
        match self.get(name).map(|v| v.to_lowercase()).as_deref() {
            None | Some("false" | "0" | "no") => false,
            Some("true" | "1" | "yes") => true,
            Some(_) => {
                self.fault(name, "must be true or false");
                false
            }
        }
    }

    /// `on`, `off` or `auto`, which is also what unset means and stands for `None`.
    pub fn on_off(&mut self, name: &str) -> Option<bool> {
        match self.get(name).as_deref() {
            Some("on") => Some(true),
            Some("off") => Some(false),
            None | Some("auto") => None,
            Some(_) => {
                self.fault(name, "must be on, off or auto");
                None
            }
        }
    }
}
