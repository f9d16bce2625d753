//! Reading a setting, whatever it means.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use url::Url;

use super::{KNOWN, Secret, Strings};
use crate::known::nearest;

/// Settings that hold several values with a comma between.
const COMMA_SEPARATED: &[&str] = &[
    "TWILIO_AUTH_TOKEN",
    "TRUNKLINE_SECRET_KEY",
    "TRUNKLINE_SPEND_COUNTRIES",
];
/// Those that are a JSON array.
const JSON_ARRAY: &[&str] = &["WHITELISTED_NUMBERS"];

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
            let upper = name.to_uppercase();
            let text = match value {
                toml::Value::String(text) => Ok(text),
                toml::Value::Integer(n) => Ok(n.to_string()),
                toml::Value::Boolean(b) => Ok(b.to_string()),
                toml::Value::Array(items) => list(&upper, &items),
                // A model's or a version's name would lose a zero at its end.
                toml::Value::Float(_) => Err("has a decimal point: write it in quotes"),
                _ => Err("must be a text, a number, true/false or a list"),
            };
            if name != name.to_lowercase() || !KNOWN.iter().any(|(known, _)| *known == upper) {
                self.faults.push(format!(
                    "{shown}: {name} is not a setting; {}",
                    nearest(&upper)
                ));
            }
            match text {
                Ok(text) => drop(self.file.insert(upper, text)),
                Err(what) => self.faults.push(format!("{shown}: {name} {what}")),
            }
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
        self.number_from(1, name)
    }

    pub fn number_from(&mut self, least: u16, name: &str) -> Option<u16> {
        let value = self.get(name)?;
        let number = value.parse().ok().filter(|n| *n >= least);
        if number.is_none() {
            self.fault(name, format!("is not a number from {least} to 65535"));
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

/// A list of the file, as the setting is written in the environment.
fn list(name: &str, items: &[toml::Value]) -> Result<String, &'static str> {
    // A number would lose the + before it, or the zeros.
    let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
    let texts = texts.ok_or("must be a list of texts: write each in quotes")?;
    if JSON_ARRAY.contains(&name) {
        return Ok(serde_json::to_string(&texts).unwrap_or_default());
    }
    if COMMA_SEPARATED.contains(&name) {
        return Ok(texts.join(","));
    }
    Err("holds one value, not a list: write it without brackets")
}
