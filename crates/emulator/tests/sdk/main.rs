//! Programs that others wrote against a running emulator: the official SDKs for Python and Node, two for Rust, and a bot on Pipecat.
//! They are installed or built once, pinned, under `target/sdk`.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use audio::{Encoding, Sound};
use emulator::{Config, Emulator};
use tokio::process::Command;

const PYTHON_SDK: &str = "twilio==9.13.0";
const NODE_SDK: &str = "twilio@6.2.0";
/// The first time a package index has to be asked.
const PATIENCE: Duration = Duration::from_secs(300);
/// The first time two hundred crates have to be compiled, or 150 MB to be fetched and unpacked, perhaps beside everything else.
const INSTALLING: Duration = Duration::from_secs(1_200);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_sdk_works_against_it() {
    let python = python("sdk/python", &[PYTHON_SDK]).await;
    against_an_emulator(Command::new(python).arg(script("use_twilio.py"))).await;
}

/// Calls that a bot takes: sound both ways, marks, keys, an interruption, and both ways to hang up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bot_on_pipecat_talks_over_a_stream_is_interrupted_and_hangs_up() {
    let list = root().join("bench/peers/pipecat/requirements.txt");
    let python = python("sdk/pipecat", &["-r", list.to_str().unwrap()]).await;
    let greeting = tempfile::Builder::new().suffix(".wav").tempfile().unwrap();
    let sound = Sound::mono(audio::speech("Hello, I am the parrot", None));
    std::fs::write(greeting.path(), sound.to_wav(Encoding::Pcm16).unwrap()).unwrap();
    let command = &mut Command::new(python);
    command.arg(script("use_pipecat.py"));
    // Pipecat sends its sound in real time.
    let real_time = Config {
        speed: 1.0,
        ..Config::default()
    };
    let last = [greeting.path().as_os_str()];
    against(real_time, command, &last, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_sdk_works_against_it() {
    let home = home("node");
    if !home.join("ready-6.2.0").exists() {
        std::fs::create_dir_all(&home).unwrap();
        let npm = ["install", "--no-audit", "--no-fund", "--silent", "--prefix"];
        run(
            Command::new("npm").args(npm).arg(&home).arg(NODE_SDK),
            "npm, and a way to its package index",
        )
        .await;
        std::fs::write(home.join("ready-6.2.0"), "").unwrap();
    }
    let command = &mut Command::new("node");
    against_an_emulator(
        command
            .arg(script("use_twilio.js"))
            .env("NODE_PATH", home.join("node_modules")),
    )
    .await;
}

/// Their workspace is their own, as is its lock file: what they depend on is old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust_clients_work_against_it() {
    let home = home("rust");
    let manifest = script("rust").join("Cargo.toml");
    let build = &mut Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&home);
    run_within(
        INSTALLING,
        build,
        "a way to crates.io, pkg-config and OpenSSL's headers (packages pkg-config, libssl-dev)",
    )
    .await;
    let joined = "Invalid 'StatusCallbackEvent': initiated,completed is none of initiated, ringing, answered, completed";
    let command = &mut Command::new(home.join("debug/use-twilio"));
    against_an_emulator_with(command, &[joined]).await;
}

/// Runs a script with the emulator's address and credentials as its arguments.
async fn against_an_emulator(command: &mut Command) {
    let opted_out = "Attempt to send to unsubscribed recipient (from +14155550100 to +15550109999)";
    against_an_emulator_with(command, &[opted_out]).await;
}

/// The same; these errors stand in the emulator's log in the end.
async fn against_an_emulator_with(command: &mut Command, logged: &[&str]) {
    let config = Config {
        seed: 11,
        speed: 50.0,
        ..Config::default()
    };
    against(config, command, &[], logged).await;
}

async fn against(config: Config, command: &mut Command, last: &[&OsStr], logged: &[&str]) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let emulator = Emulator::start(config).await.unwrap();
    let credentials = emulator.credentials();
    let command = command
        .arg(emulator.base_url())
        .arg(credentials.account_sid)
        .arg(credentials.auth_token)
        .args(last);
    run(command, "python3 and node").await;
    let errors: Vec<_> = emulator
        .handle()
        .log(0)
        .into_iter()
        .filter_map(|entry| entry.error)
        .collect();
    assert_eq!(errors, logged);
    emulator.stop().await;
}

/// The interpreter of a virtual environment in which pip has installed these.
async fn python(name: &str, wanted: &[&str]) -> PathBuf {
    let mut make = Command::new(root().join("scripts/venv.sh"));
    make.arg(name)
        .args(wanted)
        .env("CARGO_TARGET_DIR", target());
    let needs = "python3 with venv (package python3-venv), and a way to the Python package index";
    run_within(INSTALLING, &mut make, needs).await;
    target().join(name).join("bin/python")
}

fn home(name: &str) -> PathBuf {
    target().join("sdk").join(name)
}

fn target() -> PathBuf {
    let inside = Path::new(env!("CARGO_TARGET_TMPDIR"));
    inside.parent().unwrap().to_owned()
}

fn root() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    above.unwrap().to_owned()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(name)
}

async fn run(command: &mut Command, needs: &str) {
    run_within(PATIENCE, command, needs).await;
}

async fn run_within(patience: Duration, command: &mut Command, needs: &str) {
    let output = tokio::time::timeout(patience, command.kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|_| panic!("{command:?} did not end within {patience:?}"));
    let output = output
        .unwrap_or_else(|error| panic!("install {needs} to run this test: {command:?}: {error}"));
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{command:?} failed (it needs {needs})\n{out}\n{err}"
    );
}
