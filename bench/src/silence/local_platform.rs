//! The platform in one process with its emulator, as `trunkline up` starts it, and a tenant whose number coaches.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::Options;
use crate::process::{Server, free_ports};
use crate::twilio::{ACCOUNT_SID, AUTH_TOKEN};

const API_KEY: &str = "tk_bench_silence_0000000000000000";
/// The number of a coach with three questions.
pub const LONG: &str = "+14155550111";
/// The number of one with two.
pub const SHORT: &str = "+14155550112";
/// The number of a flow of yes and no that Twilio hears.
pub const SPOKEN: &str = "+14155550113";
/// Its questions.
pub const QUESTIONS: usize = 3;
/// Begins every question that stands in for a written one.
pub const FALLBACK: &str = "Reserve";
/// The silence that ends an answer by itself, in seconds.
pub const SILENCE_S: u64 = 3;
/// How long anything may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// The platform.
pub struct LocalPlatform {
    server: Server,
    emulator: String,
    home: PathBuf,
    http: reqwest::Client,
}

impl LocalPlatform {
    /// Starts it on an empty folder with this provider, and waits until its coach can be called.
    pub async fn start(options: &Options, provider: &str) -> Result<Self> {
        let binary = fs::canonicalize(&options.trunkline)
            .with_context(|| format!("{} is not built", options.trunkline.display()))?;
        let home = options.out.join(format!("silence-{}", std::process::id()));
        fs::create_dir_all(&home)?;
        let home = fs::canonicalize(home)?;
        let port = free_ports()?;
        let command = || {
            let mut command = Command::new(&binary);
            // Nothing of the user's own settings counts.
            command.env_clear().current_dir(&home).envs([
                ("OPENAI_API_KEY", "bench"),
                ("OPENAI_BASE_URL", provider),
                // The crowd's answers are transcribed and scored while its next questions are written: none waits for another.
                ("TRUNKLINE_AI_CONCURRENCY", "1000"),
                ("TWILIO_ACCOUNT_SID", ACCOUNT_SID),
                ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
                ("TRUNKLINE_EMULATOR", "on"),
                ("TRUNKLINE_ADMIN_API_KEY", API_KEY),
                ("RUST_LOG", "warn"),
            ]);
            command
        };
        let mut up = command();
        up.args(["up", "--port", &port.to_string(), "--data-dir", "data"]);
        let mut server = Server::start("silence", &mut up, &options.out.join("logs"))?;
        server.ready(port, PATIENCE).await?;
        let url = format!("http://localhost:{port}");
        fs::write(home.join("coach.yaml"), tenant())?;
        let apply = command()
            .args(["apply", "-f", "coach.yaml", "--url", &url])
            .output()?;
        ensure!(
            apply.status.success(),
            "trunkline apply failed: {}",
            String::from_utf8_lossy(&apply.stderr).trim_end()
        );
        Ok(Self {
            server,
            emulator: format!("http://localhost:{}", port + 1),
            home,
            http: reqwest::Client::new(),
        })
    }

    /// Has a caller call who follows the script. A number that was just applied may not ring yet.
    pub async fn call(&self, script: &Value) -> Result<String> {
        let start = Instant::now();
        loop {
            let (status, body) = self
                .control(Method::POST, "/emulator/calls", Some(script))
                .await?;
            match (status, body["sid"].as_str()) {
                (201, Some(sid)) => return Ok(sid.to_owned()),
                (404, _) if start.elapsed() < PATIENCE => sleep(Duration::from_millis(250)).await,
                _ => bail!("the emulator does not place a call: {body}"),
            }
        }
    }

    /// A call as the emulator has seen it, once it is over, or as it is at the deadline.
    pub async fn finished(&self, sid: &str, deadline: Instant) -> Result<Value> {
        let path = format!("/emulator/calls/{sid}");
        loop {
            let (_, view) = self.control(Method::GET, &path, None).await?;
            if view["done"] == true || Instant::now() >= deadline {
                return Ok(view);
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    /// The emulator's log after an entry.
    pub async fn log(&self, after: u64) -> Result<Vec<Value>> {
        let path = format!("/emulator/log?after={after}&limit=10000");
        let (_, body) = self.control(Method::GET, &path, None).await?;
        Ok(body["items"].as_array().cloned().unwrap_or_default())
    }

    /// The time to the head of an answer, for a prompt.
    pub async fn first_byte(&self, url: &str) -> Result<Duration> {
        let start = Instant::now();
        let response = self.http.get(url).send().await?;
        let took = start.elapsed();
        let status = response.status();
        let bytes = response.bytes().await?;
        ensure!(
            status.is_success() && !bytes.is_empty(),
            "a prompt is answered with {status}"
        );
        Ok(took)
    }

    /// Ends it and removes its folder.
    pub async fn stop(self) -> Result<()> {
        self.server.stop().await;
        fs::remove_dir_all(&self.home)?;
        Ok(())
    }

    async fn control(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value)> {
        let ask = async || {
            let request = self
                .http
                .request(method.clone(), format!("{}{path}", self.emulator))
                .basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            request.send().await
        };
        let mut response = ask().await;
        // Looking twice does no harm: a connection may have been closed for idleness just now.
        if response.is_err() && method == Method::GET {
            response = ask().await;
        }
        let response = response.context("the emulator")?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or_default()))
    }
}

/// The apply file. JSON is YAML.
fn tenant() -> String {
    let reserves: Vec<String> = (1..=10)
        .map(|n| format!("{FALLBACK} {n}: what did you learn last?"))
        .collect();
    let flow = |name: &str, count: u32| {
        json!({
            "name": name, "kind": "coach", "topic": "leading a team", "written": {"count": count},
            "spoken_feedback": true, "feedback_wait_s": 12, "fallback_questions": reserves,
            "answer": {"max_s": 60, "silence_s": SILENCE_S, "finish_key": "#", "beep": true},
        })
    };
    let spoken: Vec<Value> = (1..=QUESTIONS)
        .map(|n| json!({"ask": format!("Question {n}: do you live in the city?"), "expect": "yes_no"}))
        .collect();
    let number = |number: &str, flow: &str| json!({"number": number, "voice": format!("coach:{flow}"), "sms": "none"});
    json!({
        "tenants": [{
            "id": "bench-coach", "name": "Bench", "timezone": "UTC",
            "numbers": [
                number(LONG, "bench-long"), number(SHORT, "bench-short"),
                {"number": SPOKEN, "voice": "screener:bench-spoken", "sms": "none"},
            ],
        }],
        "flows": [
            flow("bench-long", 3), flow("bench-short", 2),
            {"name": "bench-spoken", "kind": "eligibility", "questions": spoken},
        ],
    })
    .to_string()
}
