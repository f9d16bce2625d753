//! The platform in one process, as `trunkline up` starts it, on a folder of its own, with a Twilio that is ours.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::time::sleep;

use crate::Options;
use crate::carrier::Carrier;
use crate::load::Connection;
use crate::process::{Server, free_ports};
use crate::twilio::{ACCOUNT_SID, AUTH_TOKEN, Requests};

/// The admin's key.
pub const API_KEY: &str = "tk_bench_site_0000000000000000000";

/// The platform.
pub struct LocalPlatform {
    /// Its process.
    pub server: Server,
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// Whom it asks.
    pub carrier: Carrier,
    http: reqwest::Client,
    home: Home,
}

/// What it is started with.
pub struct Setup<'a> {
    /// Of its log and its folder.
    pub name: &'a str,
    /// Beside those that every site has.
    pub settings: Vec<(&'static str, String)>,
    /// The apply file. JSON is YAML.
    pub document: Value,
}

/// A folder that goes with the site; dropped after the process.
struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        // What is left of it is in `target`.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl LocalPlatform {
    /// Starts it on an empty folder, waits until it is ready, and applies the document.
    pub async fn start(options: &Options, setup: &Setup<'_>) -> Result<Self> {
        let binary = fs::canonicalize(&options.trunkline)
            .with_context(|| format!("{} is not built", options.trunkline.display()))?;
        let folder = format!("{}-{}", setup.name, std::process::id());
        let home = options.out.join(folder);
        fs::create_dir_all(&home)?;
        let home = Home(fs::canonicalize(home)?);
        let (port, carrier) = (free_ports()?, Carrier::start()?);
        let url = format!("http://127.0.0.1:{port}");
        let command = || {
            let mut command = Command::new(&binary);
            // Nothing of the user's own settings counts.
            command.env_clear().current_dir(&home.0).envs([
                ("TWILIO_ACCOUNT_SID", ACCOUNT_SID),
                ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
                ("TWILIO_API_BASE_URL", &carrier.url),
                ("WEBHOOK_BASE_URL", &url),
                ("TRUNKLINE_EMULATOR", "off"),
                ("TRUNKLINE_ADMIN_API_KEY", API_KEY),
                ("TRUNKLINE_DRAIN_S", "1"),
                ("RUST_LOG", "warn"),
            ]);
            command.envs(setup.settings.iter().map(|(name, value)| (*name, value)));
            command
        };
        let mut up = command();
        up.args(["up", "--port", &port.to_string(), "--data-dir", "data"]);
        let mut server = Server::start(setup.name, &mut up, &options.out.join("logs"))?;
        server.ready(port, Duration::from_secs(30)).await?;
        fs::write(home.0.join("apply.yaml"), setup.document.to_string())?;
        let apply = command()
            .args(["apply", "-f", "apply.yaml", "--url", &url])
            .output()?;
        ensure!(
            apply.status.success(),
            "trunkline apply failed: {}",
            String::from_utf8_lossy(&apply.stderr).trim_end()
        );
        Ok(Self {
            server,
            port,
            carrier,
            http: reqwest::Client::builder().no_proxy().build()?,
            home,
        })
    }

    /// A file in its data folder.
    pub fn data(&self, path: &str) -> PathBuf {
        self.home.0.join("data").join(path)
    }

    /// A path as a request with the admin's key.
    pub fn request(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.http.get(url).header("X-API-Key", API_KEY)
    }

    /// What a path answers.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.request(path).send().await?.error_for_status();
        let answer = answer.with_context(|| path.to_owned())?;
        Ok(answer.json().await?)
    }

    /// Posts to a path with the admin's key.
    pub async fn post(&self, path: &str, body: &Value) -> Result<()> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = self.http.post(url).header("X-API-Key", API_KEY).json(body);
        let answer = request.send().await?.error_for_status();
        answer.with_context(|| path.to_owned())?;
        Ok(())
    }

    /// Waits until these requests are answered as they should be: a number that was just applied may not be known yet.
    pub async fn settle(&self, requests: &Requests, series: u32) -> Result<()> {
        settle(requests, series).await
    }

    /// Ends it and removes its folder.
    pub async fn stop(self) {
        let Self {
            server,
            carrier,
            home,
            ..
        } = self;
        server.stop().await;
        carrier.stop().await;
        drop(home);
    }
}

/// Waits until these requests are answered as they should be: caches have seen a new number.
pub async fn settle(requests: &Requests, series: u32) -> Result<()> {
    let mut last = Ok(());
    for n in 0..40 {
        let mut connection = Connection::open(requests).await?;
        last = connection.ask(&requests.bytes(series, n)).await;
        if last.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(250)).await;
    }
    last.context("the first request was never answered as it should be")
}
