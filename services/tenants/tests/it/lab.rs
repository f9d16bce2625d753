//! The role, somebody at each end of the bus, and requests.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bus::{Bus, Delivery, Handler, Settle, Subscription};
use clock::Clock;
use events::v1::TwimlReply;
use events::{Envelope, Event};
use role::settings::Settings;
use role::{Parts, Platform};
use serde_json::Value;
use tenants::Tempo;
use tokio::sync::Semaphore;

use crate::world::{ACCOUNT, call, world};

pub const ADMIN: &str = "the-admins-key";
pub const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    /// SQLite and the embedded bus.
    Embedded,
    /// PostgreSQL and RabbitMQ.
    Distributed,
}

/// What was logged in this process.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        let _ = tracing_subscriber::fmt()
            .with_env_filter("info,tenants=trace,role=trace,bus=debug")
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .try_init();
        log
    })
}

pub struct Lab {
    pub parts: Parts,
    pub bus: Bus,
    pub ear: Arc<Ear>,
    platforms: Mutex<Vec<Platform>>,
    client: reqwest::Client,
    base: String,
    _dir: tempfile::TempDir,
}

/// Runs a case and cleans up after it, whether it passes or not.
pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<Lab>) -> F) {
    run_at(mode, Clock::system(), case).await;
}

/// The same at a time of the case's own.
pub async fn run_at<F: Future<Output = ()>>(mode: Mode, clock: Clock, case: fn(Arc<Lab>) -> F) {
    // A lab has dozens of quorum queues, and a broker no more than a thousand files, as it comes.
    static BROKER: Semaphore = Semaphore::const_new(1);
    let _turn = match mode {
        Mode::Distributed => Some(BROKER.acquire().await.unwrap()),
        Mode::Embedded => None,
    };
    let lab = Arc::new(Lab::open(mode, clock).await);
    let outcome = AssertUnwindSafe(case(lab.clone()));
    let outcome = futures::FutureExt::catch_unwind(outcome).await;
    lab.close().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

fn tempo() -> Tempo {
    Tempo {
        purchase: Duration::from_secs(2),
        retry_delays: vec![Duration::from_millis(50); 4],
    }
}

impl Lab {
    async fn open(mode: Mode, clock: Clock) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        log();
        let dir = tempfile::tempdir().unwrap();
        let namespace = format!(
            "tn{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let mut env = BTreeMap::from([
            ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
            ("TWILIO_AUTH_TOKEN", "1".repeat(32)),
            ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests".to_owned()),
            ("TRUNKLINE_ADMIN_API_KEY", ADMIN.to_owned()),
            ("TRUNKLINE_NAMESPACE", namespace),
            ("TRUNKLINE_DATABASE_POOL", "4".to_owned()),
        ]);
        if mode == Mode::Distributed {
            let postgres = "postgres://postgres@127.0.0.1:5432/postgres";
            let amqp = "amqp://guest:guest@127.0.0.1:5672/%2f";
            env.insert("DATABASE_URL", variable("DATABASE_URL", postgres));
            env.insert("AMQP_URL", variable("AMQP_URL", amqp));
        }
        let env: BTreeMap<_, _> = env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut settings = Settings::load(&env, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();
        let parts = Parts::open(settings, clock).await.unwrap();
        let bus = parts.bus.clone();
        tokio::time::timeout(PATIENCE, bus.ready())
            .await
            .expect("is RabbitMQ running? `make test` starts it; or set AMQP_URL");
        let ear = Arc::new(Ear {
            heard: Mutex::default(),
            bus: bus.clone(),
        });
        let heard = [
            "voice.#",
            "dial.finished",
            "call.status",
            "sms.inbound",
            "*.changed",
        ];
        bus.consume(ours("test.ear", &heard), ear.clone())
            .await
            .unwrap();
        let platform = start(&parts).await;
        let base = format!("http://127.0.0.1:{}", platform.port());
        Self {
            parts,
            bus,
            ear,
            platforms: Mutex::new(vec![platform]),
            client: reqwest::Client::new(),
            base,
            _dir: dir,
        }
    }

    /// Another replica on the same bus and database; gives where it serves.
    pub async fn replica(&self) -> String {
        let platform = start(&self.parts).await;
        let base = format!("http://127.0.0.1:{}", platform.port());
        self.platforms.lock().unwrap().push(platform);
        base
    }

    async fn close(&self) {
        let platforms = std::mem::take(&mut *self.platforms.lock().unwrap());
        for platform in platforms {
            platform.stop().await;
        }
        self.parts
            .database
            .drop_schemas(&["tenants"])
            .await
            .unwrap();
        if let Some(url) = &self.parts.settings.amqp_url {
            let namespace = self.parts.settings.namespace.clone().unwrap_or_default();
            tokio::time::timeout(PATIENCE, sweep(url.reveal(), &namespace))
                .await
                .expect("the broker does not answer");
        }
    }

    /// A request with a key, and its answer.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.call_at(&self.base, method, path, key, body, None)
            .await
    }

    pub async fn call_at(
        &self,
        base: &str,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
        idempotency: Option<&str>,
    ) -> (u16, Value) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{base}{path}"));
        if !key.is_empty() {
            request = request.header("X-API-Key", key);
        }
        if let Some(idempotency) = idempotency {
            request = request.header("Idempotency-Key", idempotency);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// What the admin sees.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, ADMIN, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, ADMIN, Some(body)).await
    }

    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        self.call_at(&self.base, "POST", path, ADMIN, Some(body), Some(key))
            .await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("PUT", path, ADMIN, Some(body)).await
    }

    /// Applies what has to be right.
    pub async fn apply(&self, document: Value) -> Value {
        let (status, body) = self.post("/api/apply", document).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// smith with two numbers, jones with an account of its own.
    pub async fn world(&self) {
        self.apply(world()).await;
    }

    pub fn envelope<E: Event>(&self, event: &E) -> Envelope {
        Envelope::new("trunkline/test", &self.parts.clock, event)
    }

    pub async fn publish<E: Event>(&self, event: &E) {
        self.bus.publish(&self.envelope(event)).await.unwrap();
    }

    /// Publishes and waits for the reply; longer than a case moves its clock.
    pub async fn ask<E: Event, R: Event>(&self, event: &E) -> R {
        let reply = self
            .bus
            .request(self.envelope(event), PATIENCE * 3)
            .await
            .unwrap();
        reply.decode().unwrap()
    }

    /// Rings a number: the TwiML that the caller gets.
    pub async fn ring(&self, to: &str) -> String {
        self.ask::<_, TwimlReply>(&call(to)).await.xml
    }

    /// A counter of this process.
    pub async fn counter(&self, line: &str) -> u64 {
        let (_, text) = self.call("GET", "/metrics", "", None).await;
        let text = text.as_str().unwrap_or_default().to_owned();
        let value = text
            .lines()
            .find_map(|l| l.strip_prefix(line)?.trim().parse().ok());
        value.unwrap_or(0)
    }
}

/// Removes the queues. Nobody is at work on them any more, whom their end would only drive to make them again.
async fn sweep(url: &str, namespace: &str) {
    let config = bus::Config::Amqp {
        url: url.to_owned(),
        namespace: format!("trunkline.{namespace}"),
    };
    let broom = Bus::connect(&config).await.unwrap();
    broom.ready().await;
    let usual = [
        "voice-inbound",
        "whisper",
        "dial-finished",
        "call-status",
        "sms-inbound",
        "number-bought",
        "number-released",
    ];
    let posts = [
        "call-started",
        "call-answered",
        "call-missed",
        "call-ended",
        "message-sent",
        "message-refused",
        "sms-inbound",
    ];
    let usual = usual.map(|name| Subscription::new(format!("tenants.{name}"), ["none"]));
    let posts = posts.map(|name| Subscription {
        retry_delays: tempo().retry_delays,
        ..Subscription::new(format!("tenants.notify-{name}"), ["none"])
    });
    let plain = [
        "tenants.resolve",
        "tenants.directory",
        "tenants.key",
        "test.ear",
        "test.egress",
    ];
    let plain = plain.map(|name| ours(name, &["none"]));
    for queue in usual.iter().chain(&posts).chain(&plain) {
        broom.declare(queue).await.unwrap();
    }
    broom.delete_namespace().await.unwrap();
    broom.close().await;
}

/// A queue that needs no repeats.
pub fn ours(queue: &str, bindings: &[&str]) -> Subscription {
    let mut subscription = Subscription::new(queue, bindings.iter().copied());
    subscription.retry_delays = Vec::new();
    subscription
}

async fn start(parts: &Parts) -> Platform {
    let role = tenants::role_with(parts, tempo()).await.unwrap();
    Platform::start(parts.clone(), vec![role]).await.unwrap()
}

/// Hears what the role says, and answers calls with the routing key that they came by.
pub struct Ear {
    heard: Mutex<Vec<Envelope>>,
    bus: Bus,
}

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let envelope = delivery.envelope;
        let question = envelope.clone();
        {
            let mut heard = self.heard.lock().unwrap();
            if heard.iter().all(|e| e.id != envelope.id) {
                heard.push(envelope);
            }
        }
        if let Some(to) = &question.reply_to {
            let xml = format!("<Response><!--{}--></Response>", question.kind);
            let reply = Envelope::new("trunkline/test", &Clock::system(), &TwimlReply { xml });
            let _ = self.bus.reply(to, &reply).await;
        }
        Settle::Done
    }
}

impl Ear {
    /// Events of a type so far, with their envelopes.
    pub fn heard<E: Event>(&self) -> Vec<(Envelope, E)> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .filter_map(|e| Some((e.clone(), e.decode().ok()?)))
            .collect()
    }

    /// Waits for so many events of a type.
    pub async fn hear<E: Event>(&self, count: usize) -> Vec<(Envelope, E)> {
        eventually(E::TYPE, async || self.heard::<E>().len() >= count).await;
        self.heard()
    }
}

/// Waits until something is so.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
