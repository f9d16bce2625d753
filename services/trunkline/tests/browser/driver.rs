//! A real Chromium, driven by WebDriver: plain HTTP to Debian's chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a browser may take to go.
const GOODBYE: Duration = Duration::from_secs(20);
/// What is said into the microphone of every browser, again and again, as soon as a page takes it.
pub const SPOKEN: &str = "I look at the shelf and call back";
/// The name under which WebDriver passes elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// chromedriver and one browser.
pub struct Chromium {
    driver: Child,
    http: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
}

/// One element of a page.
#[derive(Debug, Clone)]
pub struct Element {
    id: String,
    /// By what it was found.
    xpath: String,
}

/// Where Debian, and others, have the programs.
fn program(names: &[&str]) -> String {
    let runs = |name: &&&str| {
        let mut asked = Command::new(**name);
        asked
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        asked.status().is_ok()
    };
    let found = names.iter().find(runs);
    found
        .unwrap_or_else(|| {
            panic!(
                "{} is missing: on Debian and Ubuntu, apt-get install chromium chromium-driver",
                names[0]
            )
        })
        .to_string()
}

impl Chromium {
    /// Starts both, with a profile of their own.
    pub async fn start() -> Self {
        let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(program(&["chromedriver"]))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').trim().parse::<u16>().ok()
        });
        // Nobody reads on; what it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let base = format!(
            "http://127.0.0.1:{}",
            port.expect("chromedriver tells its port")
        );
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let voice = voice(profile.path());
        let microphone = format!("--use-file-for-fake-audio-capture={voice}");
        let arguments = [
            "--headless=new",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            &microphone,
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--lang=en-US",
            "--window-size=1280,900",
        ];
        let profile_argument = format!("--user-data-dir={}", profile.path().display());
        let arguments: Vec<&str> = arguments
            .into_iter()
            .chain([profile_argument.as_str()])
            .collect();
        let binary = which(&chromium);
        let wishes = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": binary, "args": arguments },
            "goog:loggingPrefs": { "performance": "ALL", "browser": "ALL" },
        } } });
        let made = http
            .post(format!("{base}/session"))
            .json(&wishes)
            .send()
            .await
            .unwrap();
        let made: Value = made.json().await.unwrap();
        let id = made["value"]["sessionId"].as_str();
        let id = id.unwrap_or_else(|| panic!("chromium does not start: {made}"));
        Self {
            session: format!("{base}/session/{id}"),
            driver,
            http,
            _profile: profile,
        }
    }

    async fn command(&self, path: &str, body: Option<Value>) -> Result<Value, Value> {
        let url = format!("{}/{path}", self.session);
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        match answer["value"]["error"].is_string() {
            true => Err(answer["value"].clone()),
            false => Ok(answer["value"].clone()),
        }
    }

    /// Opens an address and waits until it is there.
    pub async fn open(&self, url: &str) {
        self.command("url", Some(json!({ "url": url })))
            .await
            .unwrap();
    }

    /// The address of the page.
    pub async fn url(&self) -> String {
        let url = self.command("url", None).await.unwrap();
        url.as_str().unwrap().to_owned()
    }

    /// Runs script in the page, and gives what it returns.
    pub async fn run(&self, script: &str, args: Value) -> Value {
        let body = json!({ "script": script, "args": args });
        self.command("execute/sync", Some(body)).await.unwrap()
    }

    /// The same for script that calls back.
    pub async fn run_async(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.command("execute/async", Some(body)).await.unwrap()
    }

    async fn find(&self, xpath: &str) -> Option<Element> {
        let body = json!({ "using": "xpath", "value": xpath });
        let found = self.command("element", Some(body)).await.ok()?;
        Some(Element {
            id: found[ELEMENT].as_str()?.to_owned(),
            xpath: xpath.to_owned(),
        })
    }

    /// The element, once it is there.
    pub async fn wait_for(&self, xpath: &str) -> Element {
        let start = Instant::now();
        loop {
            if let Some(element) = self.find(xpath).await {
                return element;
            }
            if start.elapsed() > PATIENCE {
                let text = self.text().await;
                panic!("{xpath} is not on {}: {text}", self.url().await);
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// A control by the text of its label.
    pub async fn field(&self, label: &str) -> Element {
        let path = format!("//*[@id = //label[normalize-space() = '{label}']/@for]");
        self.wait_for(&path).await
    }

    /// A button by its name, once it can be pressed.
    pub async fn button(&self, name: &str) -> Element {
        let path = format!(
            "//button[(normalize-space() = '{name}' or @aria-label = '{name}') and not(@disabled)]"
        );
        self.wait_for(&path).await
    }

    /// Clicks on something. A part of a page that follows what happens may be a new one since it was found.
    pub async fn click(&self, element: &Element) {
        let mut element = element.clone();
        loop {
            let path = format!("element/{}/click", element.id);
            match self.command(&path, Some(json!({}))).await {
                Err(e) if e["error"] == "stale element reference" => {
                    element = self.wait_for(&element.xpath).await;
                }
                clicked => {
                    clicked.unwrap();
                    return;
                }
            }
        }
    }

    /// Writes into something, after what is there.
    pub async fn write(&self, element: &Element, text: &str) {
        let path = format!("element/{}/value", element.id);
        self.command(&path, Some(json!({ "text": text })))
            .await
            .unwrap();
    }

    /// Writes something else into it.
    pub async fn fill(&self, element: &Element, text: &str) {
        let path = format!("element/{}/clear", element.id);
        self.command(&path, Some(json!({}))).await.unwrap();
        self.write(element, text).await;
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: &str) {
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": [
            { "type": "keyDown", "value": key }, { "type": "keyUp", "value": key },
        ] }] });
        self.command("actions", Some(actions)).await.unwrap();
    }

    /// What a reader sees.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body.innerText", json!([])).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a reader sees this.
    pub async fn wait_for_text(&self, text: &str) {
        let start = Instant::now();
        loop {
            let seen = self.text().await;
            if seen.contains(text) {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{text:?} is not on {}: {seen}",
                self.url().await
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Makes the window another one: its size, and whether the reader wants it dark.
    pub async fn dress(&self, width: u32, height: u32, dark: bool) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.cdp("Emulation.setEmulatedMedia", media).await;
    }

    /// A command of Chromium's own.
    pub async fn cdp(&self, cmd: &str, params: Value) -> Value {
        let body = json!({ "cmd": cmd, "params": params });
        self.command("goog/cdp/execute", Some(body)).await.unwrap()
    }

    /// The page as a PNG.
    pub async fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let text = self.command("screenshot", None).await.unwrap();
        let text = text.as_str().unwrap().to_owned();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap()
    }

    /// The addresses that were asked for since the last look.
    pub async fn requests(&self) -> Vec<String> {
        let log = self
            .command("se/log", Some(json!({ "type": "performance" })))
            .await
            .unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let url = |entry: &Value| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let sent = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            sent.then(|| url.to_owned())
        };
        entries.iter().filter_map(url).collect()
    }

    /// What the page complained of since the last look: errors of script, and what its policy forbids.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self
            .command("se/log", Some(json!({ "type": "browser" })))
            .await
            .unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser goes with its session, and outlives a driver that is only killed.
        let _ = end(&self.session);
        let _ = Command::new("kill")
            .args(["-TERM", &self.driver.id().to_string()])
            .status();
        let _ = self.driver.wait();
    }
}

/// Ends a session, by hand: nothing can be awaited where a value is dropped.
fn end(session: &str) -> std::io::Result<()> {
    let (host, path) = session
        .trim_start_matches("http://")
        .split_once('/')
        .unwrap_or_default();
    let mut driver = TcpStream::connect(host)?;
    driver.set_read_timeout(Some(GOODBYE))?;
    write!(
        driver,
        "DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    // It answers when the browser is gone.
    let mut answer = [0; 64];
    driver.read(&mut answer).map(drop)
}

/// A file with a simulated voice, whose words can be read back; where it is.
fn voice(dir: &std::path::Path) -> String {
    let mut samples = vec![0; 4_000];
    samples.extend(audio::speech(SPOKEN, Some(3.0)));
    samples.resize(samples.len() + 12_000, 0);
    let file = audio::Sound::mono(samples).to_wav(audio::Encoding::Pcm16);
    let path = dir.join("voice.wav");
    std::fs::write(&path, file.unwrap()).unwrap();
    path.display().to_string()
}

fn which(name: &str) -> String {
    let found = Command::new("which").arg(name).output().unwrap();
    String::from_utf8_lossy(&found.stdout).trim().to_owned()
}
