//! The emulator, for the telephone in the browser: places calls whose caller is a person at the page.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use role::Parts;
use serde_json::{Value, json};
use settings::Secret;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite};
use tracing::warn;

use crate::api::{Missing, answer, segment};

/// How long the emulator may take to open a socket.
const PATIENCE: Duration = Duration::from_secs(5);
/// With so many calls remembered, all are forgotten: most are over by then.
const REMEMBERED: usize = 1000;

/// A call's sound: mu-law at 8 kHz in binary messages.
pub type Sound = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The emulator's controls, with its credentials, and whose calls they placed.
pub struct Line {
    client: reqwest::Client,
    base: String,
    sid: String,
    token: Secret,
    calls: Mutex<HashMap<String, String>>,
}

impl Line {
    /// Where the emulator is the Twilio; none with a real account.
    pub fn new(parts: &Parts) -> Option<Self> {
        let settings = &parts.settings;
        let account = settings.account.as_ref()?;
        if !settings.runs_emulator() || settings.twilio_api_base_url.is_none() {
            return None;
        }
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(2))
            .pool_idle_timeout(Duration::from_secs(2))
            .no_proxy();
        Some(Self {
            client: client.build().ok()?,
            base: settings.twilio_api_url().to_owned(),
            sid: account.sid.clone(),
            token: account.tokens.first()?.clone(),
            calls: Mutex::default(),
        })
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .basic_auth(&self.sid, Some(self.token.reveal()))
    }

    /// Places a call for a session; gives its CallSid.
    pub async fn call(&self, session: &str, from: &str, to: &str) -> Result<String, Missing> {
        let path = "/emulator/calls";
        let body = json!({ "number": to, "from": from, "live": true });
        let request = self.request(reqwest::Method::POST, path).json(&body);
        let made: Value = answer(path, request).await?;
        let sid = made["sid"].as_str().ok_or(Missing::Away)?.to_owned();
        let mut calls = self.calls.lock();
        if calls.len() >= REMEMBERED {
            calls.clear();
        }
        calls.insert(sid.clone(), session.to_owned());
        Ok(sid)
    }

    /// Does what the caller does next.
    pub async fn step(&self, session: &str, call: &str, step: &Value) -> Result<(), Missing> {
        self.is_of(session, call)?;
        let path = format!("/emulator/calls/{}/steps", segment(call));
        let request = self.request(reqwest::Method::POST, &path).json(step);
        answer::<Value>(&path, request).await.map(|_| ())
    }

    /// Sends a text to a number.
    pub async fn text(&self, from: &str, to: &str, body: &str) -> Result<(), Missing> {
        let path = "/emulator/messages";
        let message = json!({ "from": from, "to": to, "body": body });
        let request = self.request(reqwest::Method::POST, path).json(&message);
        answer::<Value>(path, request).await.map(|_| ())
    }

    /// What happens to a call, as it happens: server-sent events.
    pub async fn follow(&self, session: &str, call: &str) -> Result<reqwest::Response, Missing> {
        self.is_of(session, call)?;
        let path = format!("/emulator/events?sid={}", segment(call));
        let response = self.request(reqwest::Method::GET, &path).send().await;
        let response = response.map_err(|e| {
            warn!(error = %e, "the emulator does not answer the console");
            Missing::Away
        })?;
        match response.status().is_success() {
            true => Ok(response),
            false => Err(Missing::Away),
        }
    }

    /// The sound of a call, both ways.
    pub async fn sound(&self, session: &str, call: &str) -> Result<Sound, Missing> {
        self.is_of(session, call)?;
        let away = |e: tungstenite::Error| match e {
            tungstenite::Error::Http(answer) if answer.status().is_client_error() => {
                Missing::NotFound
            }
            e => {
                warn!(error = %e, "the emulator gives the console no sound");
                Missing::Away
            }
        };
        // `ws` for `http`, `wss` for `https`.
        let base = self.base.replacen("http", "ws", 1);
        let path = format!("/emulator/calls/{}/sound", segment(call));
        let request = format!("{base}{path}").into_client_request();
        let mut request = request.map_err(away)?;
        let who = STANDARD.encode(format!("{}:{}", self.sid, self.token.reveal()));
        let who = format!("Basic {who}").parse().map_err(|_| Missing::Away)?;
        request.headers_mut().insert("Authorization", who);
        let opened = tokio::time::timeout(PATIENCE, connect_async(request)).await;
        let (sound, _) = opened.map_err(|_| Missing::Away)?.map_err(away)?;
        Ok(sound)
    }

    /// Another session's call is none.
    fn is_of(&self, session: &str, call: &str) -> Result<(), Missing> {
        let calls = self.calls.lock();
        match calls.get(call).is_some_and(|own| own == session) {
            true => Ok(()),
            false => Err(Missing::NotFound),
        }
    }
}
