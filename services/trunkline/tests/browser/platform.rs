//! The whole platform as `trunkline up` starts it, on a data folder of its own.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The first API key.
pub const ADMIN: &str = "tk_browser_tests_0123456789";
const PATIENCE: Duration = Duration::from_secs(180);

/// The process, which ends with the test.
pub struct Platform {
    child: Child,
    pub url: String,
    log: PathBuf,
    client: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl Platform {
    /// Starts it and waits until it says that it is up.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let file = || {
            Stdio::from(
                File::options()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .unwrap(),
            )
        };
        let other = std::env::var_os("TRUNKLINE_TEST_BINARY");
        let mut command =
            Command::new(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_trunkline").into()));
        let data = dir.path().join("data");
        let child = command
            .args(["up", "--port", &free_port(), "--data-dir"])
            .arg(&data)
            .current_dir(dir.path())
            .env_clear()
            .env("TRUNKLINE_ADMIN_API_KEY", ADMIN)
            .env("TRUNKLINE_EMULATOR_PORT", free_port())
            .stdin(Stdio::null())
            .stdout(file())
            .stderr(file())
            .spawn()
            .unwrap();
        let mut platform = Self {
            child,
            url: String::new(),
            log,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            _dir: dir,
        };
        let start = Instant::now();
        while platform.line("address").is_none() || platform.line("dial").is_none() {
            let text = platform.text();
            assert!(
                start.elapsed() < PATIENCE,
                "the platform does not start: {text}"
            );
            assert!(platform.child.try_wait().unwrap().is_none(), "{text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        platform.url = platform.line("address").unwrap();
        platform
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// What stands behind a word of the first screen.
    fn line(&self, name: &str) -> Option<String> {
        let text = self.text();
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(name))?;
        let value = line.trim_start().strip_prefix(name)?.trim();
        Some(value.split_whitespace().next()?.to_owned())
    }

    /// The link that signs in once.
    pub fn link(&self) -> String {
        self.line("sign in").expect("the first screen has a link")
    }

    /// Asks the API.
    pub async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url));
        let answer = request.header("X-API-Key", ADMIN).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Follows what passes from now on.
    pub async fn events(&self) -> Passing {
        let request = self.client.get(format!("{}/events?type=%23", self.url));
        let answer = request.header("X-API-Key", ADMIN).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Passing {
            answer,
            text: String::new(),
        }
    }

    /// Asks the API until the answer is as it must be.
    pub async fn until(&self, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.get(path).await;
            if is_there(&answer) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{path}: {answer:#}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The emulator: its address, its account and its token.
    fn emulator(&self) -> (String, String, String) {
        let text = self.text();
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with("emulator"));
        let words: Vec<&str> = line.unwrap().split_whitespace().collect();
        (
            words[1].to_owned(),
            words[3].to_owned(),
            words[5].to_owned(),
        )
    }

    /// Asks the emulator's controls.
    pub async fn emulate(&self, path: &str, body: Value) -> Value {
        let (url, account, token) = self.emulator();
        let request = self
            .client
            .post(format!("{url}{path}"))
            .basic_auth(account, Some(token));
        let answer = request.json(&body).send().await.unwrap();
        answer.json().await.unwrap()
    }
}

/// What passes on the bus.
pub struct Passing {
    answer: reqwest::Response,
    text: String,
}

impl Passing {
    /// Waits until so many events have passed.
    pub async fn pass(&mut self, count: usize) {
        let mut seen = 0;
        while seen < count {
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("{seen} of {count} events passed"));
            let chunk = chunk.unwrap().expect("the events go on");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
            let end = self.text.rfind("\n\n").map_or(0, |at| at + 2);
            seen += self.text[..end].matches("\nevent: ").count();
            seen += usize::from(self.text[..end].starts_with("event: "));
            self.text.drain(..end);
        }
    }
}

/// A port that nobody listens on. The address of the platform is in its numbers' webhooks, so it must be known before.
fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
