//! Twilio's side of a media stream as others wrote it: `streamdouble`, from PyPI, calls a bot of the platform.

use std::path::Path;
use std::time::Duration;

use audio::{Encoding, Sound};
use serde_json::json;
use tokio::process::Command;
use webhook::signature::{Token, sign_url};

use super::fixtures::caller;
use super::signatures::{python_with, ringing};
use super::streams::{BOT, hold, outcome};
use crate::local_platform::{ACCOUNT, LocalPlatform, Mode, TOKEN, sid};

/// For its calls, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the caller says, by the name of its file. The platform's simulated ears understand it.
const WORDS: [(&str, &str); 3] = [
    ("interruption", "I have a question first"),
    ("yes", "yes I am"),
    ("course", "of course"),
];

pub async fn streamdouble_is_heard_answered_and_let_go(mode: Mode) {
    let python = python_with("streamdouble", "streamdouble==0.3.0").await;
    hold(mode, async |platform: &LocalPlatform| {
        let call = sid("CA");
        let rings = ringing(
            platform.hook("/webhooks/twilio/call"),
            &call,
            &caller(9),
            BOT,
        );
        let document = rings.clone().send().await.body;
        let url = stream(&document);
        let folder = tempfile::tempdir().unwrap();
        for (name, words) in WORDS {
            let sound = Sound::mono(audio::speech(words, None));
            let file = folder.path().join(format!("{name}.wav"));
            std::fs::write(file, sound.to_wav(Encoding::Pcm16).unwrap()).unwrap();
        }
        let wanted = json!({
            "url": url, "signature": sign_url(&Token::new(TOKEN).unwrap(), url), "folder": folder.path(),
            "account_sid": ACCOUNT, "call_sid": call,
        });
        play_twilio(&python, &wanted).await;
        // The bot has hung up; nobody but a real Twilio tells that the call is over.
        let over = rings.with(&[("CallStatus", "completed"), ("CallDuration", "30")]);
        assert_eq!(over.send().await.status, 200);
        assert_eq!(outcome(platform, &call).await["outcome"], "eligible");
    })
    .await;
}

/// The address of the stream that a document connects to.
fn stream(document: &str) -> &str {
    let parts = document.split_once("<Stream url=\"");
    let rest = parts.unwrap_or_else(|| panic!("no stream: {document}")).1;
    rest.split('"').next().unwrap()
}

async fn play_twilio(python: &Path, wanted: &serde_json::Value) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases/use_streamdouble.py");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), wanted.to_string()).unwrap();
    let mut command = Command::new(python);
    command
        .arg(script)
        .stdin(std::fs::File::open(file.path()).unwrap())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("streamdouble ends in time").unwrap();
    assert!(
        output.status.success(),
        "streamdouble: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
