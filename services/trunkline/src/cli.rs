//! The command line.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

/// The commit: what the build was told (the image's is, and what the Makefile builds), else the one that `build.rs` has found.
pub const COMMIT: Option<&str> = match option_env!("BUILD_COMMIT") {
    Some(told) if !told.is_empty() => Some(told),
    _ => option_env!("HEAD_COMMIT"),
};

/// The settings file where none is named.
const USUAL_CONFIG: &str = "./trunkline.toml";

/// The version, and the commit where it is known.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let version = env!("CARGO_PKG_VERSION");
    match COMMIT {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    }
});

/// Twilio voice and SMS for many businesses, on your own machines.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version = VERSION.as_str(), arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the platform: every role in one process, or those that are named.
    #[command(
        after_help = "Example:\n  trunkline up --port 8080\n  trunkline up --role ingress,egress"
    )]
    Up(UpArgs),
    /// Plays scripted calls on a platform of their own and shows what happens.
    #[command(after_help = "Example:\n  trunkline demo --once --speed 20")]
    Demo(DemoArgs),
    /// Plays one simulated call and prints its timeline.
    #[command(after_help = "Example:\n  trunkline call +15550100001 --script missed.yaml")]
    Call(CallArgs),
    /// Creates or updates tenants, numbers, flows and keys from a file; twice is the same as once.
    #[command(
        after_help = "Example:\n  trunkline apply -f tenants.yaml --url http://localhost:8080 --api-key KEY"
    )]
    Apply(ApplyArgs),
    /// Runs a local Twilio alone, for any application.
    #[command(after_help = "Example:\n  trunkline emulator --port 8081 --speed 10 --seed 7")]
    Emulator(EmulatorArgs),
    /// Checks configuration, credentials and reachability.
    #[command(
        after_help = "Example:\n  trunkline doctor\n  trunkline doctor signature --url https://a.example/webhooks/twilio/call \\\n      --params 'CallSid=CA..&From=%2B1555..' --signature 'h3x...='"
    )]
    Doctor(DoctorArgs),
    /// The bus, decoded: what passes, and what could not be handled.
    #[command(
        after_help = "Example:\n  trunkline events tail\n  trunkline events dead list\n  trunkline events dead replay ID"
    )]
    Events(EventsArgs),
    /// Brings the database of every role up to date.
    #[command(after_help = "Example:\n  DATABASE_URL=postgres://.. trunkline migrate")]
    Migrate(MigrateArgs),
    /// Seals stored credentials with the first key of TRUNKLINE_SECRET_KEY.
    #[command(
        after_help = "Example:\n  TRUNKLINE_SECRET_KEY=new,old DATABASE_URL=postgres://.. trunkline reseal"
    )]
    Reseal(MigrateArgs),
    /// Writes everything that the platform keeps into one file: tables, recordings, audio. Stop the platform first.
    /// With --person: what belongs to one person, and the platform may run.
    #[command(
        after_help = "Example:\n  trunkline export platform.tar\n  trunkline export person.tar --person +15550109999 --tenant smith-plumbing"
    )]
    Export(ExportArgs),
    /// Reads a file of `export` into empty tables, of SQLite or PostgreSQL, and the object store.
    #[command(
        after_help = "Example:\n  DATABASE_URL=postgres://.. TRUNKLINE_SECRET_KEY=.. trunkline import platform.tar"
    )]
    Import(ImportArgs),
    /// Removes every row, object and copy at Twilio that belongs to a person, and prints the receipt.
    #[command(
        after_help = "Example:\n  trunkline forget +15550109999 --tenant smith-plumbing\n  trunkline forget 01m7yw7mx88bdqd9b4kg2z3qaa"
    )]
    Forget(ForgetArgs),
    /// Runs a call on a stream again from what went into it, and says whether the same comes out. Of tenants with `replay: {enabled: true}`.
    /// With --instructions or --model: what an assistant that is told something else answers to the caller's words.
    #[command(
        after_help = "Example:\n  trunkline replay CA0123456789abcdef0123456789abcdef --outputs outputs.txt\n  trunkline replay CA0123456789abcdef0123456789abcdef --instructions shorter.txt --model gpt-4o"
    )]
    Replay(ReplayArgs),
    /// Prints the roles and the paths they serve as JSON, for deploy/chart/roles.json.
    #[command(hide = true)]
    Roles,
}

/// Where the platform keeps its data and which settings it reads.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder
    #[arg(long, global = true, default_value = "./data", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// The settings file; the environment wins over it; unset: ./trunkline.toml, if there is one
    #[arg(long, global = true, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(existing))]
    config: Option<PathBuf>,
}

impl Place {
    /// The settings file. Only the usual one need not be there.
    pub fn config(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(USUAL_CONFIG))
    }
}

/// A file that is named has to be there: without it the platform would run with other settings than its operator thinks.
fn existing(path: PathBuf) -> Result<PathBuf, String> {
    match path.metadata() {
        Ok(_) => Ok(path),
        Err(e) => Err(format!(
            "cannot be read: {e}; name a file that is there, or leave --config out"
        )),
    }
}

/// A platform that runs already.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Where the platform answers; unset: where the one of the data folder does, else http://localhost:8080
    #[arg(long, global = true)]
    pub url: Option<String>,
    /// An API key; unset: TRUNKLINE_ADMIN_API_KEY, else the one in the data folder
    #[arg(long, global = true, value_name = "KEY")]
    pub api_key: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct UpArgs {
    /// Roles to run, comma separated; all when none is named
    #[arg(long, value_delimiter = ',', value_name = "ROLE")]
    pub role: Vec<String>,
    /// The port for everything
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// End after the calls, even on a terminal
    #[arg(long)]
    pub once: bool,
    /// How many times faster than real time; unset: 20, with SPEECH=local 1
    #[arg(long)]
    pub speed: Option<f64>,
    /// Keep the data here; unset: a folder that goes away
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Taken as by every command, and not read: the demo has no settings, so that it never reaches your accounts and servers
    #[arg(long = "config", value_name = "FILE", value_parser = PathBufValueParser::new().try_map(existing))]
    _config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CallArgs {
    /// The number to call, E.164
    pub number: String,
    /// The caller's script, YAML
    #[arg(long, value_name = "FILE")]
    pub script: PathBuf,
    /// The caller's number
    #[arg(long)]
    pub from: Option<String>,
    /// How many times faster than real time, where no platform is running yet
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The file, YAML or JSON; - for standard input
    #[arg(short, value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct EmulatorArgs {
    /// The port
    #[arg(long, default_value_t = 8081)]
    pub port: u16,
    /// The account's SID; made up when unset
    #[arg(long, value_name = "AC..")]
    pub account_sid: Option<String>,
    /// The account's auth token; made up when unset
    #[arg(long)]
    pub auth_token: Option<String>,
    /// How many times faster than real time
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// The same seed gives the same SIDs and choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub bind: String,
    /// Where the application reaches it, if not there
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// A platform whose numbers it takes over as they come, and gives demo businesses where there are none; account and API key
    /// are those of the settings unless given
    #[arg(long, value_name = "URL")]
    pub platform: Option<String>,
    /// The platform's API key
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(subcommand)]
    pub what: Option<DoctorWhat>,
    #[command(flatten)]
    pub place: Place,
    /// The port that the platform would use
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Set the webhooks of numbers that go elsewhere at Twilio
    #[arg(long)]
    pub fix: bool,
}

#[derive(Debug, Subcommand)]
pub enum DoctorWhat {
    /// Says why a webhook's signature does not fit.
    #[command(
        after_help = "Example:\n  trunkline doctor signature --url https://a.example/webhooks/twilio/call \\\n      --params 'CallSid=CA..&From=%2B1555..' --signature 'h3x...='"
    )]
    Signature(SignatureArgs),
}

#[derive(Debug, Args)]
pub struct SignatureArgs {
    /// The URL that Twilio was given
    #[arg(long)]
    pub url: String,
    /// The form that came, as it came: a=1&b=2
    #[arg(long, default_value = "")]
    pub params: String,
    /// The header X-Twilio-Signature
    #[arg(long)]
    pub signature: Option<String>,
    /// The auth token; unset: TWILIO_AUTH_TOKEN
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Tokens that were replaced, a,b: none is good any more, but one may be the reason
    #[arg(long, value_name = "TOKENS")]
    pub old_token: Option<String>,
    /// The Host or X-Forwarded-Host header that the request came with
    #[arg(long)]
    pub host: Option<String>,
}

#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(subcommand)]
    pub what: EventsWhat,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Subcommand)]
pub enum EventsWhat {
    /// Prints events as they pass, a JSON object a line
    #[command(after_help = "Example:\n  trunkline events tail --type 'call.*'")]
    Tail {
        /// Only events of this type, such as call.* or message.#
        #[arg(long = "type", default_value = "#")]
        kind: String,
    },
    /// Events that could not be handled
    #[command(
        subcommand,
        after_help = "Example:\n  trunkline events dead list\n  trunkline events dead replay ID"
    )]
    Dead(DeadWhat),
}

#[derive(Debug, Subcommand)]
pub enum DeadWhat {
    /// Lists them, with the reason
    #[command(
        after_help = "Example:\n  trunkline events dead list --url http://localhost:8080\n  trunkline events dead list --type message.send"
    )]
    List {
        /// Only those of this type
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
    },
    /// Gives one back to the queue that it died in
    #[command(
        after_help = "Example:\n  trunkline events dead replay 01m7yw7mx88bdqd9b4kg2z3qaa@egress.message-send\n  trunkline events dead replay --type message.send"
    )]
    Replay {
        /// Its id, as the list shows it
        #[arg(required_unless_present = "kind", conflicts_with = "kind")]
        id: Option<String>,
        /// All of this type instead
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only what belongs to this person: a number, E.164, or a candidate's id
    #[arg(long, value_name = "NUMBER-OR-CANDIDATE")]
    pub person: Option<String>,
    /// Of this business only; unset: of every business
    #[arg(long, value_name = "ID", requires = "person")]
    pub tenant: Option<String>,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub place: Place,
}

#[derive(Debug, Args)]
pub struct ForgetArgs {
    /// The person's number, E.164, or a candidate's id
    #[arg(value_name = "NUMBER-OR-CANDIDATE")]
    pub who: String,
    /// Of this business only; unset: of every business that the key sees
    #[arg(long, value_name = "ID")]
    pub tenant: Option<String>,
    /// Seconds to wait until every role has answered; it goes on without us
    #[arg(long, default_value_t = 60, value_name = "S")]
    pub wait: u64,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The call's SID
    #[arg(value_name = "CALL")]
    pub call: String,
    /// Write every output to this file, a line each
    #[arg(long, value_name = "FILE", conflicts_with_all = ["instructions", "model"])]
    pub outputs: Option<PathBuf>,
    /// Ask the model again with the instructions in this file in place of the assistant's
    #[arg(long, value_name = "FILE")]
    pub instructions: Option<PathBuf>,
    /// Ask this chat model in place of the assistant's
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    #[command(flatten)]
    pub target: Target,
}

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    pub place: Place,
}
