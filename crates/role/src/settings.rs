//! The settings: read once, checked as a whole, handed on as a value.
//!
//! The environment wins over `trunkline.toml` (the same names in lower case). A fault names the setting and
//! how to mend it, and all faults are told at once.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use phone::E164;
use url::Url;

/// Every setting there is: its name and what it means. An unknown `TRUNKLINE_*` variable, or an unknown key in
/// the file, stops the start.
pub const KNOWN: &[(&str, &str)] = &[
    (
        "TWILIO_ACCOUNT_SID",
        "the default account, AC and 32 hex digits",
    ),
    (
        "TWILIO_AUTH_TOKEN",
        "its auth token; two, comma separated, while rotating",
    ),
    ("TWILIO_PHONE_NUMBER", "the default account's number, E.164"),
    ("TWILIO_API_BASE_URL", "another REST endpoint than Twilio's"),
    (
        "WEBHOOK_BASE_URL",
        "the public address; signatures are checked against it",
    ),
    ("TWILIO_DOMAIN", "the same, as a bare host name"),
    (
        "WHITELISTED_NUMBERS",
        "JSON array: the only numbers that may be called or texted",
    ),
    (
        "DATABASE_URL",
        "postgres://..; unset: SQLite in the data folder",
    ),
    ("AMQP_URL", "amqp://..; unset: the embedded bus"),
    ("S3_BUCKET", "recordings and audio; unset: the data folder"),
    ("AWS_ACCESS_KEY_ID", "for S3"),
    ("AWS_SECRET_ACCESS_KEY", "for S3"),
    ("AWS_REGION", "for S3"),
    ("AWS_ENDPOINT_URL", "another S3 than Amazon's"),
    (
        "OPENAI_API_KEY",
        "any OpenAI-compatible server; unset: simulated",
    ),
    ("OPENAI_BASE_URL", "where it is"),
    ("OPENAI_CHAT_MODEL", "its chat model"),
    ("OPENAI_TRANSCRIBE_MODEL", "its transcription model"),
    ("OPENAI_SPEECH_MODEL", "its speech model"),
    ("ELEVENLABS_API_KEY", "a voice"),
    ("ELEVENLABS_BASE_URL", "where it is"),
    ("MURF_API_KEY", "a voice"),
    ("MURF_BASE_URL", "where it is"),
    ("USE_MURFAI_TTS", "true or false"),
    (
        "TRUNKLINE_ADMIN_API_KEY",
        "the first API key; unset: made up and printed once",
    ),
    (
        "INTERNAL_SERVICE_KEY",
        "X-Service-Key between roles; required when a role runs alone",
    ),
    (
        "TRUNKLINE_SECRET_KEY",
        "encrypts credentials at rest; required with PostgreSQL",
    ),
    (
        "TRUNKLINE_EMULATOR",
        "on, off or auto (on where no Twilio credentials are set)",
    ),
    (
        "TRUNKLINE_EMULATOR_PORT",
        "the emulator's port; unset: the platform's port + 1",
    ),
    (
        "TRUNKLINE_BIND",
        "the address to listen on; unset: 127.0.0.1",
    ),
    (
        "TRUNKLINE_NAMESPACE",
        "put before exchanges, queues and schemas, to share a broker or a database",
    ),
    (
        "TRUNKLINE_DATABASE_POOL",
        "the most database connections of a role; unset: 8",
    ),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "where traces go"),
    ("RUST_LOG", "log filter; unset: info"),
];

/// actix tells of its workers at each start; the platform says itself when it is ready.
const DEFAULT_LOG_FILTER: &str = "info,actix_server=warn";

/// Where the strings come from; a test brings its own.
pub trait Strings {
    /// The value of a variable.
    fn get(&self, name: &str) -> Option<String>;
    /// All names there are.
    fn names(&self) -> Vec<String>;
}

/// The process's environment.
#[derive(Debug, Clone, Copy)]
pub struct Environment;

impl Strings for Environment {
    fn get(&self, name: &str) -> Option<String> {
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        std::env::var(name).ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }
}

impl Strings for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

/// A value that never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the one who uses it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A Twilio account and its auth tokens, the first of which signs REST requests.
#[derive(Debug, Clone)]
pub struct TwilioAccount {
    /// `AC` and 32 hex digits.
    pub sid: String,
    /// One, or two while rotating.
    pub tokens: Vec<Secret>,
    /// The number that it calls and texts from by default.
    pub number: Option<E164>,
}

/// Whether the emulator runs beside the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmulatorMode {
    /// Always.
    On,
    /// Never.
    Off,
    /// Where no Twilio credentials are set.
    Auto,
}

/// All settings, valid.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The default Twilio account.
    pub account: Option<TwilioAccount>,
    /// Another REST endpoint than Twilio's.
    pub twilio_api_base_url: Option<Url>,
    /// The public address, when it was set.
    pub webhook_base_url: Option<Url>,
    /// The only numbers that may be called or texted.
    pub whitelist: Option<HashSet<E164>>,
    /// PostgreSQL, when it was set.
    pub database_url: Option<Secret>,
    /// RabbitMQ, when it was set.
    pub amqp_url: Option<Secret>,
    /// The first API key.
    pub admin_api_key: Option<Secret>,
    /// What roles show each other.
    pub internal_service_key: Option<Secret>,
    /// Encrypts credentials at rest.
    pub secret_key: Option<Secret>,
    /// Whether the emulator runs.
    pub emulator: EmulatorMode,
    /// Its port.
    pub emulator_port: Option<u16>,
    /// The address to listen on.
    pub bind: String,
    /// Put before exchanges, queues and schemas.
    pub namespace: Option<String>,
    /// The most database connections of a role.
    pub database_pool: usize,
    /// Where traces go.
    pub otlp_endpoint: Option<Url>,
    /// Log filter.
    pub log_filter: String,
    /// From the command line: the platform's port.
    pub port: u16,
    /// From the command line: the data folder.
    pub data_dir: PathBuf,
}

/// What is wrong with the settings, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

impl Settings {
    /// Reads the environment over the file (where there is one) and checks everything.
    pub fn load(source: &dyn Strings, file: Option<&Path>) -> Result<Self, Faults> {
        let mut reader = Reader {
            source,
            file: BTreeMap::new(),
            faults: Vec::new(),
        };
        if let Some(path) = file {
            reader.read_file(path);
        }
        reader.refuse_unknown();
        let settings = Self {
            account: reader.account(),
            twilio_api_base_url: reader.url("TWILIO_API_BASE_URL"),
            webhook_base_url: reader.webhook_base_url(),
            whitelist: reader.whitelist(),
            database_url: reader.scheme("DATABASE_URL", &["postgres://", "postgresql://"]),
            amqp_url: reader.scheme("AMQP_URL", &["amqp://", "amqps://"]),
            admin_api_key: reader.key("TRUNKLINE_ADMIN_API_KEY"),
            internal_service_key: reader.key("INTERNAL_SERVICE_KEY"),
            secret_key: reader.key("TRUNKLINE_SECRET_KEY"),
            emulator: reader.emulator(),
            emulator_port: reader.number("TRUNKLINE_EMULATOR_PORT"),
            bind: reader.bind(),
            namespace: reader.namespace(),
            database_pool: reader
                .number("TRUNKLINE_DATABASE_POOL")
                .map_or(8, usize::from),
            otlp_endpoint: reader.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            log_filter: reader
                .get("RUST_LOG")
                .unwrap_or_else(|| DEFAULT_LOG_FILTER.to_owned()),
            port: 8080,
            data_dir: PathBuf::from("./data"),
        };
        if settings.database_url.is_some() && settings.secret_key.is_none() {
            reader.fault(
                "TRUNKLINE_SECRET_KEY",
                "is required with DATABASE_URL; set it to a long random text and keep it",
            );
        }
        if reader.faults.is_empty() {
            Ok(settings)
        } else {
            Err(Faults(reader.faults))
        }
    }

    /// Whether the emulator runs beside the platform.
    pub fn runs_emulator(&self) -> bool {
        match self.emulator {
            EmulatorMode::On => true,
            EmulatorMode::Off => false,
            EmulatorMode::Auto => self.account.is_none() && self.twilio_api_base_url.is_none(),
        }
    }

    /// The public address, without a slash at its end.
    pub fn public_url(&self) -> String {
        self.webhook_base_url.as_ref().map_or_else(
            || format!("http://localhost:{}", self.port),
            |url| url.as_str().trim_end_matches('/').to_owned(),
        )
    }
}

struct Reader<'a> {
    source: &'a dyn Strings,
    file: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    fn fault(&mut self, name: &str, what: impl fmt::Display) {
        self.faults.push(format!("{name} {what}"));
    }

    fn read_file(&mut self, path: &Path) {
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

    fn refuse_unknown(&mut self) {
        for name in self.source.names() {
            if name.starts_with("TRUNKLINE_") && !KNOWN.iter().any(|(known, _)| *known == name) {
                self.fault(&name, format!("is not a setting; {}", nearest(&name)));
            }
        }
    }

    /// A value; a blank one counts as unset, as `docker-compose` passes unset variables.
    fn get(&self, name: &str) -> Option<String> {
        let text = |value: String| Some(value.trim().to_owned()).filter(|v| !v.is_empty());
        let set = self.source.get(name).and_then(text);
        set.or_else(|| self.file.get(name).cloned().and_then(text))
    }

    fn key(&mut self, name: &str) -> Option<Secret> {
        let value = self.get(name)?;
        if value.len() < 8 {
            self.fault(name, "is shorter than 8 characters; use a long random text");
        }
        Some(Secret(value))
    }

    fn scheme(&mut self, name: &str, schemes: &[&str]) -> Option<Secret> {
        let value = self.get(name)?;
        if !schemes.iter().any(|s| value.starts_with(s)) {
            self.fault(name, format!("must begin with {}", schemes.join(" or ")));
        }
        Some(Secret(value))
    }

    fn url(&mut self, name: &str) -> Option<Url> {
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

    fn webhook_base_url(&mut self) -> Option<Url> {
        if let Some(url) = self.url("WEBHOOK_BASE_URL") {
            if url.query().is_some() || url.fragment().is_some() {
                self.fault("WEBHOOK_BASE_URL", "must not have a query or a fragment");
            }
            if url.host_str().is_some_and(|host| host.contains('_')) {
                self.fault(
                    "WEBHOOK_BASE_URL",
                    "has an underscore in its host name, which Twilio refuses",
                );
            }
            return Some(url);
        }
        let domain = self.get("TWILIO_DOMAIN")?;
        let text = if domain.contains("://") {
            domain
        } else {
            format!("https://{domain}")
        };
        let url = Url::parse(&text).ok().filter(Url::has_host);
        if url.is_none() {
            self.fault("TWILIO_DOMAIN", "is not a host name; write example.com");
        }
        url
    }

    fn number(&mut self, name: &str) -> Option<u16> {
        let value = self.get(name)?;
        let number = value.parse().ok().filter(|n| *n > 0);
        if number.is_none() {
            self.fault(name, "is not a number from 1 to 65535");
        }
        number
    }

    fn bind(&mut self) -> String {
        let value = self
            .get("TRUNKLINE_BIND")
            .unwrap_or_else(|| "127.0.0.1".to_owned());
        if value.parse::<std::net::IpAddr>().is_err() {
            self.fault(
                "TRUNKLINE_BIND",
                "is not an IP address; write 127.0.0.1 or 0.0.0.0",
            );
        }
        value
    }

    fn namespace(&mut self) -> Option<String> {
        let value = self.get("TRUNKLINE_NAMESPACE")?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if value.len() > 40 || !value.chars().all(plain) {
            self.fault(
                "TRUNKLINE_NAMESPACE",
                "may hold a-z, 0-9 and _, at most 40 of them",
            );
        }
        Some(value)
    }

    fn emulator(&mut self) -> EmulatorMode {
        match self.get("TRUNKLINE_EMULATOR").as_deref() {
            Some("on") => EmulatorMode::On,
            Some("off") => EmulatorMode::Off,
            None | Some("auto") => EmulatorMode::Auto,
            Some(_) => {
                self.fault("TRUNKLINE_EMULATOR", "must be on, off or auto");
                EmulatorMode::Auto
            }
        }
    }

    fn account(&mut self) -> Option<TwilioAccount> {
        let (sid, tokens) = (
            self.get("TWILIO_ACCOUNT_SID"),
            self.get("TWILIO_AUTH_TOKEN"),
        );
        let number = self.get("TWILIO_PHONE_NUMBER").and_then(|value| {
            let number = value.parse().ok();
            if number.is_none() {
                self.fault(
                    "TWILIO_PHONE_NUMBER",
                    "is not an E.164 number; write +15550100001",
                );
            }
            number
        });
        let (sid, tokens) = match (sid, tokens) {
            (Some(sid), Some(tokens)) => (sid, tokens),
            (None, None) => return None,
            (Some(_), None) => {
                self.fault("TWILIO_AUTH_TOKEN", "is missing beside TWILIO_ACCOUNT_SID");
                return None;
            }
            (None, Some(_)) => {
                self.fault("TWILIO_ACCOUNT_SID", "is missing beside TWILIO_AUTH_TOKEN");
                return None;
            }
        };
        if !is_account_sid(&sid) {
            self.fault(
                "TWILIO_ACCOUNT_SID",
                "must be AC and 32 hex digits, as the Twilio console shows it",
            );
        }
        let tokens: Vec<Secret> = tokens
            .split(',')
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(Secret::new)
            .collect();
        if tokens.is_empty() || tokens.len() > 2 {
            self.fault(
                "TWILIO_AUTH_TOKEN",
                "must hold one token, or two with a comma between while rotating",
            );
        }
        Some(TwilioAccount {
            sid,
            tokens,
            number,
        })
    }

    fn whitelist(&mut self) -> Option<HashSet<E164>> {
        let value = self.get("WHITELISTED_NUMBERS")?;
        let list: Option<HashSet<E164>> = serde_json::from_str::<Vec<String>>(&value)
            .ok()
            .and_then(|items| items.iter().map(|item| item.parse().ok()).collect());
        if list.is_none() {
            self.fault(
                "WHITELISTED_NUMBERS",
                "must be a JSON array of E.164 numbers, such as [\"+15550100001\"]",
            );
        }
        list
    }
}

/// Whether a text is an account's SID.
pub fn is_account_sid(text: &str) -> bool {
    text.len() == 34
        && text.starts_with("AC")
        && text
            .chars()
            .skip(2)
            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}

fn nearest(name: &str) -> String {
    let shared = |known: &str| {
        known
            .bytes()
            .zip(name.bytes())
            .take_while(|(a, b)| a == b)
            .count()
    };
    KNOWN
        .iter()
        .map(|(known, _)| *known)
        .max_by_key(|known| shared(known))
        .map_or_else(String::new, |known| format!("did you mean {known}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Settings, Faults> {
        let map: BTreeMap<_, _> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Settings::load(&map, None)
    }

    #[test]
    fn nothing_set_is_a_laptop() {
        let settings = load(&[]).unwrap();
        assert!(settings.runs_emulator());
        assert_eq!(settings.public_url(), "http://localhost:8080");
    }

    #[test]
    fn all_faults_are_told_at_once_and_say_how_to_mend_them() {
        let faults = load(&[
            ("TWILIO_ACCOUNT_SID", "AC1"),
            ("TWILIO_AUTH_TOKEN", "t"),
            ("DATABASE_URL", "mysql://x"),
            ("TRUNKLINE_EMULATER", "on"),
            ("WHITELISTED_NUMBERS", "+15550100001"),
        ])
        .unwrap_err();
        assert_eq!(
            faults.to_string(),
            "TRUNKLINE_EMULATER is not a setting; did you mean TRUNKLINE_EMULATOR_PORT?\n\
             TWILIO_ACCOUNT_SID must be AC and 32 hex digits, as the Twilio console shows it\n\
             WHITELISTED_NUMBERS must be a JSON array of E.164 numbers, such as [\"+15550100001\"]\n\
             DATABASE_URL must begin with postgres:// or postgresql://\n\
             TRUNKLINE_SECRET_KEY is required with DATABASE_URL; set it to a long random text and keep it"
        );
    }

    #[test]
    fn two_tokens_while_rotating() {
        let sid = format!("AC{}", "0".repeat(32));
        let settings = load(&[
            ("TWILIO_ACCOUNT_SID", &sid),
            ("TWILIO_AUTH_TOKEN", "new, old"),
        ])
        .unwrap();
        let account = settings.account.clone().unwrap();
        assert_eq!(
            account
                .tokens
                .iter()
                .map(Secret::reveal)
                .collect::<Vec<_>>(),
            ["new", "old"]
        );
        assert!(!settings.runs_emulator());
        assert!(!format!("{settings:?}").contains("old"));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("trunkline.toml");
        std::fs::write(
            &file,
            "trunkline_bind = \"0.0.0.0\"\nrust_log = \"debug\"\n",
        )
        .unwrap();
        let env = BTreeMap::from([("RUST_LOG".to_owned(), "warn".to_owned())]);
        let settings = Settings::load(&env, Some(&file)).unwrap();
        assert_eq!(
            (settings.bind.as_str(), settings.log_filter.as_str()),
            ("0.0.0.0", "warn")
        );
        std::fs::write(&file, "rust_lug = \"debug\"\n").unwrap();
        let faults = Settings::load(&env, Some(&file)).unwrap_err().to_string();
        assert!(
            faults.ends_with("rust_lug is not a setting; did you mean RUST_LOG?"),
            "{faults}"
        );
    }

    #[test]
    fn the_domain_is_an_alias_of_the_base_url() {
        assert_eq!(
            load(&[("TWILIO_DOMAIN", "a.example")])
                .unwrap()
                .public_url(),
            "https://a.example"
        );
    }
}
