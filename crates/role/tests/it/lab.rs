//! A platform with the sample role, which can be stopped and started again on what it left.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bus::{Bus, Delivery, Depth, Handler, Settle, Subscription};
use clock::Clock;
use events::v1::{KeyGrant, KeyQuery, NumberBought, NumberBuy};
use events::{Envelope, Event};
use futures::FutureExt;
use role::health::Flag;
use role::seal::key_hash;
use role::settings::Settings;
use role::{Parts, Platform};
use serde_json::Value;
use store::{Database, Store, outbox};

use crate::sample;

pub const ADMIN: &str = "the-admins-key";
pub const SERVICE: &str = "the-key-between-roles";
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Lab {
    pub clock: Clock,
    pub ear: Arc<Ear>,
    pub keys: Arc<Keys>,
    pub flag: Flag,
    settings: Settings,
    up: Mutex<Option<Up>>,
    client: reqwest::Client,
    _dir: tempfile::TempDir,
}

struct Up {
    platform: Platform,
    parts: Parts,
}

/// Runs a case and cleans up after it, whether it passes or not.
pub async fn run<F: Future<Output = ()>>(mode: &str, case: fn(Arc<Lab>) -> F) {
    let lab = Arc::new(Lab::new(mode));
    lab.start().await;
    let outcome = AssertUnwindSafe(case(lab.clone())).catch_unwind().await;
    lab.close().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Lab {
    pub fn new(mode: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut env = BTreeMap::from([
            ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests".to_owned()),
            ("TRUNKLINE_ADMIN_API_KEY", ADMIN.to_owned()),
            ("INTERNAL_SERVICE_KEY", SERVICE.to_owned()),
            (
                "TRUNKLINE_NAMESPACE",
                format!("role{}_{nth}", std::process::id()),
            ),
            ("TRUNKLINE_DATABASE_POOL", "4".to_owned()),
        ]);
        if mode == "distributed" {
            let postgres = "postgres://postgres@127.0.0.1:5432/postgres";
            let amqp = "amqp://guest:guest@127.0.0.1:5672/%2f";
            env.insert("DATABASE_URL", variable("DATABASE_URL", postgres));
            env.insert("AMQP_URL", variable("AMQP_URL", amqp));
        }
        let env: BTreeMap<_, _> = env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut settings = Settings::load(&env, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();
        Self {
            clock: Clock::held("2026-11-21T10:00:00Z".parse().unwrap()),
            ear: Arc::default(),
            keys: Arc::default(),
            flag: Arc::new(AtomicBool::new(true)),
            settings,
            up: Mutex::default(),
            client: reqwest::Client::new(),
            _dir: dir,
        }
    }

    /// Starts the platform, on what the last one left.
    pub async fn start(&self) {
        let parts = Parts::open(self.settings.clone(), self.clock.clone())
            .await
            .unwrap();
        tokio::time::timeout(PATIENCE, parts.bus.ready())
            .await
            .expect("is RabbitMQ running? `make test` starts it; or set AMQP_URL");
        let heard = ["number.released", "call.settle", "key.changed"];
        self.ear.listen(&parts.bus, "test.ear", &heard).await;
        let keys = Subscription::new("test.keys", [KeyQuery::TYPE]);
        let clerk = Clerk(self.keys.clone(), parts.bus.clone());
        parts.bus.consume(keys, Arc::new(clerk)).await.unwrap();
        let role = sample::role("sample", &parts, &self.flag, &self.ear).await;
        let platform = Platform::start(parts.clone(), vec![role]).await.unwrap();
        *self.up.lock().unwrap() = Some(Up { platform, parts });
    }

    pub async fn stop(&self) {
        let up = self.up.lock().unwrap().take();
        if let Some(up) = up {
            up.platform.stop().await;
        }
    }

    async fn close(&self) {
        let Some(up) = self.up.lock().unwrap().take() else {
            return;
        };
        let queues = up.parts.bus.depths().await.unwrap_or_default();
        up.platform.stop().await;
        clean(&self.settings, queues).await;
        up.parts.database.drop_schemas(&["sample"]).await.unwrap();
    }

    pub fn parts(&self) -> Parts {
        self.up.lock().unwrap().as_ref().unwrap().parts.clone()
    }

    pub fn bus(&self) -> Bus {
        self.parts().bus
    }

    pub fn is_distributed(&self) -> bool {
        self.settings.database_url.is_some()
    }

    /// The role's database, for looking into it, whether the platform runs or not.
    pub async fn store(&self) -> Store {
        let database = match &self.settings.database_url {
            Some(url) => Database::Postgres {
                url: url.reveal().to_owned(),
                namespace: self.settings.namespace.clone(),
                pool_size: 2,
            },
            None => Database::Sqlite {
                dir: self.settings.data_dir.join("db"),
            },
        };
        Store::open(&database, "sample", sample::MIGRATIONS)
            .await
            .unwrap()
    }

    pub async fn notes(&self) -> i64 {
        sample::notes(&mut self.store().await.read().await.unwrap()).await
    }

    pub async fn waiting(&self) -> i64 {
        outbox::len(&mut self.store().await.read().await.unwrap())
            .await
            .unwrap()
    }

    pub async fn outbox_is_empty(&self) {
        let store = self.store().await;
        eventually("the outbox is empty", async || {
            outbox::len(&mut store.read().await.unwrap()).await.unwrap() == 0
        })
        .await;
    }

    /// The event that tells the sample role to do something.
    pub fn order(&self, id: &str, word: &str) -> Envelope {
        let order = NumberBuy {
            number_id: id.into(),
            country: word.into(),
            ..NumberBuy::default()
        };
        Envelope::at("trunkline/test", id.into(), self.clock.now(), &order)
            .tenant("smith")
            .key("K1")
    }

    /// Gives an order and waits for the reply.
    pub async fn ask(&self, id: &str, word: &str) -> (Envelope, NumberBought) {
        let reply = self
            .bus()
            .request(self.order(id, word), PATIENCE)
            .await
            .unwrap();
        let bought = reply.decode().unwrap();
        (reply, bought)
    }

    pub async fn dead(&self) -> Vec<(String, u32)> {
        let dead = self.bus().dead_letters(100).await.unwrap();
        dead.into_iter()
            .map(|letter| (letter.reason, letter.attempts))
            .collect()
    }

    /// A request with headers, and its answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> (u16, Value) {
        let port = self.up.lock().unwrap().as_ref().unwrap().platform.port();
        send(&self.client, port, method, path, headers, body).await
    }

    pub async fn get(&self, path: &str, key: &str) -> (u16, Value) {
        self.send("GET", path, &[("X-API-Key", key)], None).await
    }
}

/// A request to a port, and its answer.
pub async fn send(
    client: &reqwest::Client,
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> (u16, Value) {
    let url = format!("http://127.0.0.1:{port}{path}");
    let mut request = client.request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_owned());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// Removes the queues that a platform had on the broker, when nobody works on them any more: a broker bears it badly
/// that queues go while their consumers stay.
async fn clean(settings: &Settings, queues: Vec<Depth>) {
    let (Some(url), Some(namespace)) = (&settings.amqp_url, &settings.namespace) else {
        return;
    };
    let config = bus::Config::Amqp {
        url: url.reveal().to_owned(),
        namespace: format!("trunkline.{namespace}"),
    };
    let bus = Bus::connect(&config).await.unwrap();
    for queue in queues {
        let mut subscription = Subscription::new(queue.queue, [""; 0]);
        // Those of the performer in a hurry.
        subscription.retry_delays.push(Duration::from_millis(20));
        bus.declare(&subscription).await.unwrap();
    }
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}

/// Waits until something is so.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Hears events, each time that they come.
#[derive(Default)]
pub struct Ear(Mutex<Vec<Envelope>>);

struct Hearing(Arc<Ear>);

impl Ear {
    pub async fn listen(self: &Arc<Self>, bus: &Bus, queue: &str, kinds: &[&str]) {
        let subscription = Subscription::new(queue, kinds.iter().copied());
        bus.consume(subscription, Arc::new(Hearing(self.clone())))
            .await
            .unwrap();
    }

    /// Events of a type so far.
    pub fn heard<E: Event>(&self) -> Vec<(Envelope, E)> {
        let heard = self.0.lock().unwrap();
        heard
            .iter()
            .filter_map(|e| Some((e.clone(), e.decode().ok()?)))
            .collect()
    }

    /// Waits for the first of a type.
    pub async fn hear<E: Event>(&self) -> (Envelope, E) {
        eventually(E::TYPE, async || !self.heard::<E>().is_empty()).await;
        self.heard().remove(0)
    }
}

#[async_trait]
impl Handler for Hearing {
    async fn handle(&self, delivery: Delivery) -> Settle {
        self.0.0.lock().unwrap().push(delivery.envelope);
        Settle::Done
    }
}

/// The keys that there are, as tenants would know them.
#[derive(Default)]
pub struct Keys {
    grants: Mutex<HashMap<String, KeyGrant>>,
    pub asked: AtomicU32,
}

struct Clerk(Arc<Keys>, Bus);

impl Keys {
    pub fn give(&self, key: &str, tenant: &str, scopes: &[&str]) {
        let grant = KeyGrant {
            known: true,
            name: key.to_uppercase(),
            tenant_id: tenant.into(),
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        };
        self.grants.lock().unwrap().insert(key_hash(key), grant);
    }

    pub fn withdraw(&self, key: &str) {
        self.grants.lock().unwrap().remove(&key_hash(key));
    }

    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Handler for Clerk {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let query: KeyQuery = delivery.envelope.decode().unwrap();
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        let grant = self.0.grants.lock().unwrap().get(&query.hash).cloned();
        let reply = Envelope::new(
            "trunkline/test",
            &Clock::system(),
            &grant.unwrap_or_default(),
        );
        if let Some(to) = &delivery.envelope.reply_to {
            let _ = self.1.reply(to, &reply).await;
        }
        Settle::Done
    }
}
