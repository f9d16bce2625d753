//! Starting, reaching and stopping an emulator.

use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use clock::Clock;
use tokio::sync::broadcast;

use crate::control::CallView;
use crate::ears::Ears;
use crate::media::Media;
use crate::state::{Account, Moment, Shared};
use crate::time::Time;
use crate::{Entry, Error, Fault, Script, call, server, sms, webhooks};

/// How to start an emulator.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub bind: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// The account it plays: `AC` and 32 hex digits.
    pub account_sid: String,
    /// Its token: the password of the API, and the key of the signatures.
    pub auth_token: String,
    /// How many times as fast as real time it runs.
    pub speed: f64,
    /// Decides every id and choice. The default is new at each start, because an application that keeps its data must
    /// not meet yesterday's CallSids again.
    pub seed: u64,
    /// Where the application reaches it, if that is not `http://{bind}:{port}`. Media URLs begin with it.
    pub public_base_url: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1".to_owned(),
            port: 0,
            account_sid: "AC0000000000000000000000000e00001a".to_owned(),
            auth_token: "0123456789abcdef0123456789abcdef".to_owned(),
            speed: 1.0,
            seed: Clock::system().now().timestamp_micros().unsigned_abs(),
            public_base_url: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("bind", &self.bind)
            .field("port", &self.port)
            .field("speed", &self.speed)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What to give an application so that it can use the emulator.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The account's id.
    pub account_sid: String,
    /// Its token.
    pub auth_token: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("account_sid", &self.account_sid)
            .finish_non_exhaustive()
    }
}

/// Twilio on this machine.
pub struct Emulator;

impl Emulator {
    /// Starts listening; must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting that cannot work, [`Error::Listen`] when the address cannot be had.
    ///
    /// # Panics
    /// In the HTTP client, when the process has not installed a TLS provider.
    pub async fn start(config: Config) -> Result<Running, Error> {
        check(&config)?;
        let address = format!("{}:{}", config.bind, config.port);
        let listen = |source| Error::Listen {
            address: address.clone(),
            source,
        };
        let listener = TcpListener::bind(&address).map_err(listen)?;
        let port = listener.local_addr().map_err(listen)?.port();
        let host = if config.bind == "0.0.0.0" {
            "localhost"
        } else {
            &config.bind
        };
        let base_url = config
            .public_base_url
            .unwrap_or_else(|| format!("http://{host}:{port}"));
        let base_url = base_url.trim_end_matches('/').to_owned();
        let client = webhooks::client(Duration::from_secs(5), Duration::from_secs(15))
            .map_err(Error::Client)?;
        let account = Account {
            sid: config.account_sid,
            token: config.auth_token,
        };
        let time = Time::new(Clock::system().now(), config.speed);
        let shared = Shared::new(account, base_url, config.seed, time, client);
        let server = server::serve(Arc::clone(&shared), listener).map_err(listen)?;
        let handle = server.handle();
        tokio::spawn(server);
        tracing::info!(port, speed = config.speed, "the emulator listens");
        Ok(Running {
            shared,
            server: handle,
            port,
        })
    }
}

fn check(config: &Config) -> Result<(), Error> {
    let bad = |setting, problem| Err(Error::Setting { setting, problem });
    let hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !config.account_sid.strip_prefix("AC").is_some_and(hex) {
        return bad("account_sid", "must be AC and 32 hex digits");
    }
    if config.auth_token.is_empty() {
        return bad("auth_token", "must not be empty");
    }
    if !(config.speed.is_finite() && (0.01..=10_000.0).contains(&config.speed)) {
        return bad("speed", "must be between 0.01 and 10000");
    }
    Ok(())
}

/// An emulator that runs. Dropping it does not stop it: call [`Running::stop`].
pub struct Running {
    shared: Arc<Shared>,
    server: ServerHandle,
    port: u16,
}

impl Running {
    /// Where it is reached, without a trailing slash: what takes the place of `https://api.twilio.com`.
    pub fn base_url(&self) -> String {
        self.shared.base_url.clone()
    }

    /// Gives the people on the phones ears: what they hear of a real voice is understood from now on. The first ones stay.
    pub fn hear_with(&self, ears: Ears) {
        let _ = self.shared.ears.set(ears);
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it accepts and signs with.
    pub fn credentials(&self) -> Credentials {
        Credentials {
            account_sid: self.shared.account.sid.clone(),
            auth_token: self.shared.account.token.clone(),
        }
    }

    /// The controls of `/emulator`, without HTTP.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.shared))
    }

    /// Ends every call and closes the port.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.server.stop(true).await;
    }
}

/// What the emulator's controls do, for a program that has it inside.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// Has a scripted person call one of the emulator's numbers. Answers the CallSid.
    ///
    /// # Errors
    /// [`Error::UnknownNumber`], which names the numbers there are.
    pub fn call(&self, script: Script) -> Result<String, Error> {
        call::inbound(&self.0, script)
    }

    /// A call as it is now.
    pub fn view(&self, sid: &str) -> Option<CallView> {
        CallView::of(&self.0.state(), sid)
    }

    /// A call once it and its script are over; `None` when there is no such call, or a reset has taken it away.
    pub async fn finished(&self, sid: &str) -> Option<CallView> {
        let mut watch = self.watch();
        loop {
            let view = self.view(sid)?;
            if view.done {
                return Some(view);
            }
            // Whatever happens, and however much was missed: look again. A reset makes no moment, so look now and then too.
            let _ = tokio::time::timeout(Duration::from_secs(1), watch.recv()).await;
        }
    }

    /// Has a simulated phone text one of the emulator's numbers. Answers the MessageSid.
    ///
    /// # Errors
    /// [`Error::UnknownNumber`], which names the numbers there are.
    pub fn message(
        &self,
        from: &str,
        to: &str,
        body: &str,
        media: &[Media],
    ) -> Result<String, Error> {
        sms::receive(&self.0, from, to, body, media)
    }

    /// Tells the emulator to misbehave.
    pub fn fault(&self, fault: Fault) {
        self.0.state().faults.add(fault);
    }

    /// The numbers that the account owns.
    pub fn numbers(&self) -> Vec<String> {
        self.0
            .state()
            .numbers
            .iter()
            .map(|number| number.phone_number.clone())
            .collect()
    }

    /// What went over the wire since an entry, the oldest first.
    pub fn log(&self, after: u64) -> Vec<Entry> {
        self.0.state().log.since(after).cloned().collect()
    }

    /// What happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Moment> {
        self.0.state().watch()
    }

    /// Forgets calls, messages, opt-outs, cookies, faults and the log; keeps the numbers and the API keys.
    pub fn reset(&self) {
        self.0.state().reset();
    }
}
