//! Chromium by WebDriver, where it is installed: plain HTTP to chromedriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// How long it may take to start.
const START: Duration = Duration::from_secs(30);
/// When the page's last element has been laid out and painted, in milliseconds since it was asked for.
const DRAWN: &str = "const [page] = performance.getEntriesByType('navigation');
const paints = performance.getEntriesByType('paint').map((it) => it.startTime);
return page.loadEventEnd > 0 ? Math.max(page.loadEventEnd, ...paints) : 0;";

/// One browser with a window.
pub struct Browser {
    driver: Driver,
    http: reqwest::Client,
    session: String,
}

/// chromedriver and all that it starts.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        // A group that is gone is what was wanted.
        let _ = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .status();
        let _ = self.0.wait();
    }
}

impl Browser {
    /// Starts both.
    pub async fn start() -> Result<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("chromedriver cannot be run (Debian: chromium-driver)")?;
        let output = child.stdout.take().context("chromedriver has no output")?;
        let driver = Driver(child);
        let port = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            let port = lines.find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').trim().parse::<u16>().ok()
            });
            // Nobody reads on; what it says later must not fill the pipe.
            std::thread::spawn(move || lines.for_each(drop));
            port
        });
        let port = timeout(START, port)
            .await
            .context("chromedriver does not start")??;
        let base = format!(
            "http://127.0.0.1:{}",
            port.context("chromedriver tells no port")?
        );
        let http = reqwest::Client::builder().no_proxy().build()?;
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--window-size=1280,900",
        ];
        let wishes = json!({"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}}}});
        let made = http.post(format!("{base}/session")).json(&wishes).send();
        let made: Value = timeout(START, made)
            .await
            .context("chromium does not start")??
            .json()
            .await?;
        let id = made["value"]["sessionId"].as_str();
        let id =
            id.with_context(|| format!("chromium does not start: {}", made["value"]["message"]))?;
        Ok(Self {
            session: format!("{base}/session/{id}"),
            driver,
            http,
        })
    }

    /// Opens an address and waits until it is there.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.command("url", &json!({"url": url})).await?;
        Ok(())
    }

    /// Sends this cookie from now on, `name=value`.
    pub async fn set_cookie(&self, cookie: &str) -> Result<()> {
        let (name, value) = cookie.split_once('=').context("that is no cookie")?;
        let cookie = json!({"cookie": {"name": name, "value": value, "path": "/"}});
        self.command("cookie", &cookie).await?;
        Ok(())
    }

    /// When the page was fully drawn.
    pub async fn drawn(&self) -> Result<Duration> {
        for _ in 0..100 {
            let ms = self.run(DRAWN).await?.as_f64().unwrap_or_default();
            if ms > 0.0 {
                return Ok(Duration::from_secs_f64(ms / 1_000.0));
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("a page is never loaded")
    }

    /// Waits until an expression is true.
    pub async fn until(&self, expression: &str, patience: Duration) -> Result<()> {
        let looks = async {
            while self.run(&format!("return Boolean({expression})")).await? != true {
                sleep(Duration::from_millis(50)).await;
            }
            Ok(())
        };
        let waited = timeout(patience, looks).await;
        waited.with_context(|| format!("never true on the page: {expression}"))?
    }

    /// From now on the page looks at each change whether an expression is true.
    pub async fn watch(&self, expression: &str) -> Result<()> {
        let script = format!(
            "window.seen = new Promise((done) => {{
                 const look = () => {{ if ({expression}) {{ watch.disconnect(); done(true); }} }};
                 const watch = new MutationObserver(look);
                 watch.observe(document.body, {{ childList: true, subtree: true, characterData: true }});
                 look();
             }}); return true;"
        );
        ensure!(
            self.run(&script).await? == true,
            "the page cannot be watched"
        );
        Ok(())
    }

    /// Waits until what was watched for has been seen.
    pub async fn watched(&self, patience: Duration) -> Result<()> {
        let script =
            json!({"script": "window.seen.then(arguments[arguments.length - 1])", "args": []});
        let seen = self.command("execute/async", &script);
        timeout(patience, seen)
            .await
            .context("the page never showed it")??;
        Ok(())
    }

    /// Ends both.
    pub async fn stop(&mut self) {
        // The drop ends what is left.
        let _ = self.http.delete(&self.session).send().await;
        let _ = self.driver.0.try_wait();
    }

    /// Runs script in the page, and gives what it returns.
    pub async fn run(&self, script: &str) -> Result<Value> {
        let body = json!({"script": script, "args": []});
        self.command("execute/sync", &body).await
    }

    async fn command(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/{path}", self.session);
        let mut answer: Value = self.http.post(url).json(body).send().await?.json().await?;
        let value = answer["value"].take();
        ensure!(value["error"].is_null(), "{path}: {}", value["message"]);
        Ok(value)
    }
}
