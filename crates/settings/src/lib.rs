#![doc = include_str!("../README.md")]

mod known;
mod limits;
mod providers;
mod reader;
mod s3;
mod spend;
mod strings;
#[cfg(test)]
mod tests;
mod twilio;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ai::Simulated;
use phone::E164;
use tracing_subscriber::EnvFilter;
use url::Url;

pub use known::KNOWN;
pub use limits::LimitSettings;
pub use s3::{ObjectSettings, S3Settings};
pub use spend::{SpendSettings, is_calling_code};
pub use strings::{Environment, Secret, Strings};
pub use twilio::{EmulatorMode, TwilioAccount, is_account_sid};

use reader::Reader;

/// actix tells of its workers at each start; the platform says itself when it is ready.
const DEFAULT_LOG_FILTER: &str = "info,actix_server=warn";

/// Twilio's own endpoint.
const TWILIO: &str = "https://api.twilio.com";

/// All settings, valid.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The default Twilio account.
    pub account: Option<TwilioAccount>,
    /// Another REST endpoint than Twilio's.
    pub twilio_api_base_url: Option<Url>,
    /// The public address, when it was set.
    pub webhook_base_url: Option<Url>,
    /// The only numbers that we call or text; forwarding is not asked about.
    pub whitelist: Option<HashSet<E164>>,
    /// PostgreSQL, when it was set.
    pub database_url: Option<Secret>,
    /// RabbitMQ, when it was set.
    pub amqp_url: Option<Secret>,
    /// RabbitMQ's management API, when it was set; only `trunkline doctor` asks it.
    pub amqp_management_url: Option<Secret>,
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
    /// Whether addresses that tenants give may be private ones; unset: see [`Settings::asks_private_addresses`].
    pub private_addresses: Option<bool>,
    /// The most database connections of a role.
    pub database_pool: usize,
    /// Whether diagnostic lines are kept in the timelines of calls.
    pub timeline_notes: bool,
    /// How long live calls may go on when the process is asked to stop.
    pub drain: Duration,
    /// Where the console finds the other roles' API, when it is not this process.
    pub api_url: Option<Url>,
    /// Where traces go.
    pub otlp_endpoint: Option<Url>,
    /// Log filter.
    pub log_filter: String,
    /// How a log line is written, when it was said.
    pub log_format: Option<LogFormat>,
    /// Where recordings and audio are.
    pub objects: ObjectSettings,
    /// Who transcribes, writes and speaks.
    pub ai: ai::Settings,
    /// Whether prompts may be tones where nobody else speaks; `None`: where the emulator is the Twilio. See
    /// [`Settings::simulates_speech`].
    pub simulated_speech: Option<bool>,
    /// How many requests are too many.
    pub limits: LimitSettings,
    /// What every tenant may spend at most.
    pub spend: SpendSettings,
    /// What a segment of a text costs, in millionths of a US dollar: shown while a text is written.
    pub text_price_micro_usd: u32,
    /// Who may read the metrics: whoever shows this as a bearer token; unset: anybody who reaches the port.
    pub metrics_token: Option<Secret>,
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
            amqp_management_url: reader.scheme("AMQP_MANAGEMENT_URL", &["http://", "https://"]),
            admin_api_key: reader.key("TRUNKLINE_ADMIN_API_KEY"),
            internal_service_key: reader.key("INTERNAL_SERVICE_KEY"),
            secret_key: reader.key("TRUNKLINE_SECRET_KEY"),
            emulator: reader.emulator(),
            emulator_port: reader.number("TRUNKLINE_EMULATOR_PORT"),
            bind: reader.bind(),
            namespace: reader.namespace(),
            private_addresses: reader.on_off("TRUNKLINE_PRIVATE_ADDRESSES"),
            database_pool: reader
                .number("TRUNKLINE_DATABASE_POOL")
                .map_or(8, usize::from),
            timeline_notes: reader.on_off("TRUNKLINE_TIMELINE_NOTES").unwrap_or(true),
            drain: Duration::from_secs(
                reader
                    .number_from(0, "TRUNKLINE_DRAIN_S")
                    .map_or(120, u64::from),
            ),
            api_url: reader.url("TRUNKLINE_API_URL"),
            otlp_endpoint: reader.url("OTEL_EXPORTER_OTLP_ENDPOINT"),
            log_filter: reader.log_filter(),
            log_format: reader.log_format(),
            objects: reader.objects(),
            ai: reader.providers(),
            simulated_speech: reader.on_off("TRUNKLINE_SIMULATED_SPEECH"),
            limits: reader.limits(),
            spend: reader.spend(),
            text_price_micro_usd: reader.text_price_micro_usd(),
            metrics_token: reader.key("TRUNKLINE_METRICS_TOKEN"),
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

    /// Where requests to Twilio go, without a slash at the end.
    pub fn twilio_api_url(&self) -> &str {
        let base = self.twilio_api_base_url.as_ref();
        base.map_or(TWILIO, |url| url.as_str())
            .trim_end_matches('/')
    }

    /// Whether the emulator runs beside the platform.
    pub fn runs_emulator(&self) -> bool {
        match self.emulator {
            EmulatorMode::On => true,
            EmulatorMode::Off => false,
            EmulatorMode::Auto => self.account.is_none() && self.twilio_api_base_url.is_none(),
        }
    }

    /// Whether an address in a tenant's configuration may be one of a private network or of this machine. Unless it is
    /// set: on a laptop, where the platform listens on the machine itself only, if an operator has given it.
    pub fn asks_private_addresses(&self, by_operator: bool) -> bool {
        let is_laptop = || {
            let bind = self.bind.parse::<IpAddr>();
            bind.map_or(self.bind == "localhost", |bind| bind.is_loopback())
        };
        self.private_addresses
            .unwrap_or_else(|| by_operator && is_laptop())
    }

    /// Whether prompts may be spoken in tones, which only our own simulated transcription understands: only where no
    /// person listens, or where the operator said so.
    pub fn simulates_speech(&self) -> bool {
        self.simulated_speech
            .unwrap_or_else(|| self.runs_emulator())
    }

    /// The AI providers. Words are simulated where nobody is configured, and say so; speech only where no person listens.
    pub fn providers(&self) -> ai::Settings {
        let simulated = match self.simulates_speech() {
            true => Simulated::WordsAndSpeech,
            false => Simulated::Words,
        };
        ai::Settings {
            simulated,
            ..self.ai.clone()
        }
    }

    /// Who speaks prompts where nobody wishes for a voice: the voices there are, in words that change when they do. Empty:
    /// nobody does.
    pub fn speaker(&self) -> String {
        let voices = self.ai.voices().into_iter();
        let voices: Vec<String> = voices.map(|(_, words)| words).collect();
        match voices.is_empty() {
            false => voices.join(" "),
            true if self.simulates_speech() => "simulated".to_owned(),
            true => String::new(),
        }
    }

    /// The public address, without a slash at its end.
    pub fn public_url(&self) -> String {
        self.webhook_base_url.as_ref().map_or_else(
            || self.local_url(self.port),
            |url| url.as_str().trim_end_matches('/').to_owned(),
        )
    }

    /// Where a port answers on this machine: at `localhost`, or at the one other address that is listened on.
    pub fn local_url(&self, port: u16) -> String {
        match self.bind.parse::<IpAddr>() {
            Ok(ip) if !ip.is_unspecified() && ip != Ipv4Addr::LOCALHOST => {
                format!("http://{}", SocketAddr::new(ip, port))
            }
            _ => format!("http://localhost:{port}"),
        }
    }
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For reading, in colour on a terminal.
    Text,
    /// One object a line.
    Json,
}

impl Reader<'_> {
    fn log_filter(&mut self) -> String {
        let Some(value) = self.get("RUST_LOG") else {
            return DEFAULT_LOG_FILTER.to_owned();
        };
        if let Err(e) = EnvFilter::try_new(&value) {
            self.fault(
                "RUST_LOG",
                format!("cannot be read: {e}; write info or calls=debug,info"),
            );
        }
        value
    }

    fn log_format(&mut self) -> Option<LogFormat> {
        match self.get("LOG_FORMAT").as_deref() {
            Some("text") => Some(LogFormat::Text),
            Some("json") => Some(LogFormat::Json),
            None => None,
            Some(_) => {
                self.fault("LOG_FORMAT", "must be text or json");
                None
            }
        }
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
}
