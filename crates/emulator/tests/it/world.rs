//! An emulator, an application, and what tests do with both.

use std::time::{Duration, Instant};

use audio::Sound;
use chrono::{DateTime, Utc};
use emulator::{CallView, Config, Emulator, Entry, Fault, Handle, Running, Script};
use serde_json::{Value, json};
use twilio_api::{CallChange, CallStatus, Client, MediaFormat, NumberSettings, RecordingStatus};

use crate::app::{Answer, App};

pub const NUMBER: &str = "+15550100001";
pub const CALLER: &str = "+15550109999";
pub const OFFICE: &str = "+15550100002";

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    pub running: Running,
    pub app: App,
    pub client: Client,
    pub handle: Handle,
}

impl World {
    pub async fn start() -> Self {
        Self::seeded(7, 50.0).await
    }

    pub async fn seeded(seed: u64, speed: f64) -> Self {
        // The other tests of this process have installed it too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let running = Emulator::start(Config {
            seed,
            speed,
            ..Config::default()
        })
        .await
        .unwrap();
        let credentials = running.credentials();
        let app = App::start(&credentials.auth_token);
        let client = Client::new(
            &running.base_url(),
            &credentials.account_sid,
            &credentials.auth_token,
        )
        .unwrap();
        let handle = running.handle();
        Self {
            running,
            app,
            client,
            handle,
        }
    }

    /// Buys the number, with `/voice`, `/sms` and `/status` of the application behind it.
    pub async fn number(&self) -> &Self {
        self.number_with(NumberSettings::default()).await
    }

    /// The same, but for what is set here.
    pub async fn number_with(&self, settings: NumberSettings) -> &Self {
        let at = |path: &str| Some(format!("{}{path}", self.app.url));
        let settings = NumberSettings {
            phone_number: Some(NUMBER.to_owned()),
            voice_url: settings.voice_url.or(at("/voice")),
            sms_url: settings.sms_url.or(at("/sms")),
            status_callback: settings.status_callback.or(at("/status")),
            ..settings
        };
        self.client
            .incoming_numbers()
            .create(&settings)
            .await
            .unwrap();
        self
    }

    /// The same, with its calls answered at this address.
    pub async fn number_at(&self, voice_url: Option<String>) -> &Self {
        self.number_with(NumberSettings {
            voice_url,
            ..NumberSettings::default()
        })
        .await
    }

    /// What the office's phone does when it rings: `answer`, `busy` and so on.
    pub fn office(&self, behaviour: &str) {
        self.fault(json!({"kind": "callee", "number": OFFICE, "behaviour": behaviour}));
    }

    /// The office picks up, and talks for longer than any test waits.
    pub fn office_talks_on(&self) {
        self.fault(json!({"kind": "callee", "number": OFFICE, "talk_s": 6000}));
    }

    /// An address of the application.
    pub fn at(&self, path: &str) -> Option<String> {
        Some(format!("{}{path}", self.app.url))
    }

    pub fn on(&self, path: &str, inside: &str) -> &Self {
        self.app.on(path, [Answer::twiml(inside)]);
        self
    }

    /// Places a call with these steps and waits until it and its script are over.
    pub async fn call(&self, steps: Value) -> CallView {
        let sid = self.place(steps);
        self.over(&sid).await
    }

    pub fn place(&self, steps: Value) -> String {
        let script = json!({ "number": NUMBER, "from": CALLER, "steps": steps });
        self.handle
            .call(Script::parse(&script.to_string()).unwrap())
            .unwrap()
    }

    pub async fn over(&self, sid: &str) -> CallView {
        let finished = tokio::time::timeout(PATIENCE, self.handle.finished(sid)).await;
        finished.unwrap().unwrap()
    }

    /// Waits until the person on the phone has heard this.
    pub async fn heard(&self, sid: &str, text: &str) -> CallView {
        eventually(&format!("{text:?} is heard"), || {
            self.handle.view(sid).filter(|view| view.has_heard(text))
        })
        .await
    }

    /// Waits until the caller and who was dialled are connected. Answers the leg that was dialled.
    pub async fn connected(&self, sid: &str) -> String {
        eventually("they are connected", || {
            let leg = self.handle.view(sid)?.legs.pop()?;
            let is_bridged = leg.timeline.iter().any(|moment| moment.kind == "bridged");
            is_bridged.then_some(leg.sid)
        })
        .await
    }

    /// Has a call go on at another path of the application.
    pub async fn send_to(&self, sid: &str, path: &str) -> Result<(), twilio_api::Error> {
        let change = CallChange {
            url: self.at(path),
            ..CallChange::default()
        };
        self.client.calls().update(sid, &change).await.map(|_| ())
    }

    /// Ends a call through the API: `Completed` hangs it up, `Canceled` takes it back.
    pub async fn set_status(&self, sid: &str, status: CallStatus) -> Result<(), twilio_api::Error> {
        let change = CallChange {
            status: Some(status),
            ..CallChange::default()
        };
        self.client.calls().update(sid, &change).await.map(|_| ())
    }

    /// Hangs a live call up and waits for its end.
    pub async fn hang_up(&self, sid: &str) -> CallView {
        self.set_status(sid, CallStatus::Completed).await.unwrap();
        self.over(sid).await
    }

    /// The emulator's time.
    pub async fn now(&self) -> DateTime<Utc> {
        let (_, health) = self.ask("GET", "/emulator/health", None).await;
        health["time"].as_str().unwrap().parse().unwrap()
    }

    /// Waits for this many requests at a path.
    pub async fn hits(&self, path: &str, count: usize) -> Vec<crate::app::Hit> {
        eventually(&format!("{count} requests at {path}"), || {
            Some(self.app.hits(path)).filter(|hits| hits.len() >= count)
        })
        .await
    }

    pub fn fault(&self, fault: Value) {
        self.handle
            .fault(serde_json::from_value::<Fault>(fault).unwrap());
    }

    pub fn errors(&self) -> Vec<u32> {
        self.handle
            .log(0)
            .iter()
            .filter_map(|entry: &Entry| entry.error_code)
            .collect()
    }

    /// Asks the emulator itself, with its credentials.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let credentials = self.running.credentials();
        let url = format!("{}{path}", self.running.base_url());
        let mut request = reqwest::Client::new()
            .request(method.parse().unwrap(), url)
            .basic_auth(credentials.account_sid, Some(credentials.auth_token));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or(Value::Null),
        )
    }

    /// Asks the REST API below the account, with a form.
    pub async fn rest(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let account = self.running.credentials();
        let who = (account.account_sid.as_str(), account.auth_token.as_str());
        self.rest_as(who, method, path, form).await
    }

    /// The same, with another name and password than the account's.
    pub async fn rest_as(
        &self,
        (name, password): (&str, &str),
        method: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> (u16, Value) {
        let url = format!(
            "{}/2010-04-01/Accounts/{}{path}",
            self.running.base_url(),
            self.running.credentials().account_sid
        );
        let response = reqwest::Client::new()
            .request(method.parse().unwrap(), url)
            .basic_auth(name, Some(password))
            .form(form)
            .send()
            .await
            .unwrap();
        (
            response.status().as_u16(),
            response.json().await.unwrap_or(Value::Null),
        )
    }

    /// A recording's sound, once it can be fetched.
    pub async fn recorded(&self, sid: &str) -> Sound {
        let started = Instant::now();
        while self.client.recordings().fetch(sid).await.unwrap().status
            != RecordingStatus::Completed
        {
            assert!(
                started.elapsed() < PATIENCE,
                "the recording was never completed"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let recordings = self.client.recordings();
        let media = recordings.media(sid, MediaFormat::Wav, None).await.unwrap();
        assert_eq!(media.content_type.as_deref(), Some("audio/x-wav"));
        Sound::read(&media.bytes().await.unwrap()).unwrap()
    }

    /// Every request that came was signed, and both servers stop.
    pub async fn end(self) {
        for hit in self.app.all() {
            assert!(
                hit.genuine,
                "{} {} was not signed as Twilio signs",
                hit.method, hit.path
            );
        }
        self.app.stop().await;
        self.running.stop().await;
    }
}

/// Waits for a condition and answers what it found.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "it never happened that {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
