//! The official SDKs against a running emulator. They are installed once, pinned, under `target/sdk`.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use emulator::{Config, Emulator};
use tokio::process::Command;

const PYTHON_SDK: &str = "twilio==9.13.0";
const NODE_SDK: &str = "twilio@6.2.0";
/// The first time a package index has to be asked.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_sdk_works_against_it() {
    let home = home("python");
    let python = home.join("bin/python");
    if !home.join("ready-9.13.0").exists() {
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&home),
            "python3 with venv (package python3-venv)",
        )
        .await;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PYTHON_SDK,
        ];
        run(
            Command::new(&python).args(pip),
            "a way to the Python package index",
        )
        .await;
        std::fs::write(home.join("ready-9.13.0"), "").unwrap();
    }
    against_an_emulator(Command::new(python).arg(script("use_twilio.py"))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_sdk_works_against_it() {
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

/// Runs a script with the emulator's address and credentials as its arguments.
async fn against_an_emulator(command: &mut Command) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let emulator = Emulator::start(Config {
        seed: 11,
        speed: 50.0,
        ..Config::default()
    })
    .await
    .unwrap();
    let credentials = emulator.credentials();
    let command = command
        .arg(emulator.base_url())
        .arg(credentials.account_sid)
        .arg(credentials.auth_token);
    run(command, "python3 and node").await;
    let errors: Vec<_> = emulator
        .handle()
        .log(0)
        .into_iter()
        .filter_map(|entry| entry.error)
        .collect();
    assert_eq!(
        errors,
        ["Attempt to send to unsubscribed recipient (from +14155550100 to +15550109999)"]
    );
    emulator.stop().await;
}

fn home(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("sdk").join(name)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/sdk")
        .join(name)
}

async fn run(command: &mut Command, needs: &str) {
    let output = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|_| panic!("{command:?} did not end within {PATIENCE:?}"));
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
