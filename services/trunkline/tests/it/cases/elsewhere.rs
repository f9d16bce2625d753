//! Commands that are told where a platform answers, from a folder that knows nothing of it.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::calls::is_missed;
use super::commands::{COMMAND_LIMIT, ends};
use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{
    ADMIN, LocalPlatform, Mode, NO_SETTINGS, Output, Plan, behaves, free_port, play, run,
};

/// Plays a call with this folder as the data folder.
async fn call(folder: &Path, url: &str, from: &str, env: &[(String, String)]) -> Output {
    let script = folder.join("stays.yaml");
    std::fs::write(
        &script,
        "steps: [{wait_for: \"sorry we missed your call\"}]\n",
    )
    .unwrap();
    let (script, data) = (
        script.display().to_string(),
        folder.join("data").display().to_string(),
    );
    let what = [
        "call", SMITH, "--script", &script, "--from", from, "--json", "--speed", "50",
    ];
    let place = ["--data-dir", &data, "--config", NO_SETTINGS];
    let there = ["--url", url, "--api-key", ADMIN];
    run(&[&what[..], &place, &there].concat(), env, COMMAND_LIMIT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_with_a_url_is_played_there_or_not_at_all() {
    play(
        Plan::new(Mode::Embedded, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let url = platform.url_of("calls");
            let from = caller(1);
            let dir = tempfile::tempdir().unwrap();
            let nobody = format!("http://127.0.0.1:{}", free_port());
            let all = platform.settings();
            let output = call(dir.path(), &nobody, &from, &all).await;
            ends(&output, 1, &[&nobody, "trunkline up", "--url"]);
            // Who does not know the emulator's account cannot play there.
            let mend = [url.as_str(), "--data-dir", "TWILIO_ACCOUNT_SID"];
            ends(&call(dir.path(), &url, &from, &[]).await, 1, &mend);
            assert!(!dir.path().join("data").exists(), "no platform of its own");
            // A folder with a platform of its own, whose emulator answers at the same address on another machine.
            let others = json!({
                "admin_api_key": "tk_of_another", "service_key": "sk_of_another", "secret_key": "of another platform",
                "account_sid": "ACe2e00000000000000000000000000009", "auth_token": "of another emulator",
                "platform_url": nobody, "emulator_url": platform.twilio.base,
            });
            let other = tempfile::tempdir().unwrap();
            std::fs::create_dir(other.path().join("data")).unwrap();
            let file = other.path().join("data/local.json");
            std::fs::write(&file, others.to_string()).unwrap();
            ends(&call(other.path(), &url, &from, &[]).await, 1, &mend);
            let calls = platform.get("/calls/").await;
            assert_eq!(calls["items"], json!([]), "nothing was played");

            let account: Vec<_> = all
                .into_iter()
                .filter(|(name, _)| name.starts_with("TWILIO_A"))
                .collect();
            for (folder, from) in [(&dir, caller(1)), (&other, caller(2))] {
                let output = call(folder.path(), &url, &from, &account).await;
                ends(&output, 0, &[]);
                let told: Value = serde_json::from_str(output.out.trim()).unwrap();
                let sid = told["call"]["call_sid"].as_str().unwrap();
                is_missed(platform, sid, &from, "busy", "Smith & Sons").await;
            }
        },
    )
    .await;
}

/// Answers whoever asks with these bytes, each in a piece of its own.
async fn in_single_bytes(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(socket.read_u8().await.unwrap());
        }
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for byte in body.bytes() {
            answer.extend_from_slice(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
        }
        answer.extend_from_slice(b"0\r\n\r\n");
        socket.write_all(&answer).await.unwrap();
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_shown_whole_however_their_bytes_come() {
    let body = "id: 1\nevent: x\ndata: {\"name\":\"Zoë 日本 😀\"}\n\n: still here\n\ndata: {\"name\":\"Łódź\"}\r\n\r\n";
    let url = in_single_bytes(body).await;
    let args = ["events", "tail", "--url", &url, "--api-key", ADMIN];
    let output = run(&args, &[], COMMAND_LIMIT).await;
    ends(&output, 1, &["the platform ended the feed"]);
    assert_eq!(
        output.out,
        "{\"name\":\"Zoë 日本 😀\"}\n{\"name\":\"Łódź\"}\n"
    );
}
