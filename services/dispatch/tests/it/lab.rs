//! The role on a platform of its own, with somebody at each end of the bus.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bus::{Bus, Delivery, Handler, Settle, Subscription};
use chrono::{DateTime, Utc};
use clock::Clock;
use events::v1::{KeyGrant, KeyQuery, MessageSend, OptOutChanged};
use events::{Envelope, Event};
use futures::FutureExt;
use role::seal::key_hash;
use role::settings::Settings;
use role::{Parts, Platform};
use serde_json::Value;
use store::{Store, inbox, outbox};
use tokio::sync::Semaphore;

use crate::world;

const ADMIN: &str = "the-admins-key";
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Lab {
    platform: Mutex<Option<Platform>>,
    pub clock: Clock,
    bus: Bus,
    parts: Parts,
    store: Store,
    base: String,
    client: reqwest::Client,
    heard: Arc<Ear>,
    published: Mutex<Vec<(String, String)>>,
    next: AtomicU32,
    _dir: tempfile::TempDir,
}

/// Runs a case and cleans up after it, whether it passes or not.
pub async fn run<F: Future<Output = ()>>(mode: &str, case: fn(Arc<Lab>) -> F) {
    // Each lab has more than thirty quorum queues, and a broker no more than a thousand files, as it comes.
    static BROKER: Semaphore = Semaphore::const_new(1);
    let _turn = match mode {
        "distributed" => Some(BROKER.acquire().await.unwrap()),
        _ => None,
    };
    let lab = Arc::new(Lab::open(mode).await);
    let outcome = AssertUnwindSafe(case(lab.clone())).catch_unwind().await;
    lab.close().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Lab {
    async fn open(mode: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut env = BTreeMap::from([
            ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests".to_owned()),
            ("TRUNKLINE_ADMIN_API_KEY", ADMIN.to_owned()),
            (
                "TRUNKLINE_NAMESPACE",
                format!("dispatch{}_{nth}", std::process::id()),
            ),
        ]);
        if mode == "distributed" {
            let postgres = "postgres://postgres@127.0.0.1:5432/postgres";
            env.insert("DATABASE_URL", variable("DATABASE_URL", postgres));
            env.insert(
                "AMQP_URL",
                variable("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f"),
            );
        }
        let env: BTreeMap<_, _> = env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut settings = Settings::load(&env, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();

        let clock = Clock::held(world::at(0));
        let parts = Parts::open(settings, clock.clone()).await.unwrap();
        let bus = parts.bus.clone();
        tokio::time::timeout(PATIENCE, bus.ready())
            .await
            .expect("is RabbitMQ running? `make test` starts it; or set AMQP_URL");
        let heard = Arc::new(Ear::default());
        let mut ear = ours("test.ear", &[MessageSend::TYPE, OptOutChanged::TYPE]);
        ear.prefetch = 1;
        bus.consume(ear, heard.clone()).await.unwrap();
        let keys = ours("test.keys", &[KeyQuery::TYPE]);
        bus.consume(keys, Arc::new(Keys(bus.clone())))
            .await
            .unwrap();

        let role = dispatch::role(&parts).await.unwrap();
        let platform = Platform::start(parts.clone(), vec![role]).await.unwrap();
        let base = format!("http://127.0.0.1:{}", platform.port());
        let store = Store::open(&parts.database, "dispatch", dispatch::door::MIGRATIONS)
            .await
            .unwrap();
        Self {
            platform: Mutex::new(Some(platform)),
            clock,
            bus,
            parts,
            store,
            base,
            client: reqwest::Client::new(),
            heard,
            published: Mutex::default(),
            next: AtomicU32::new(0),
            _dir: dir,
        }
    }

    async fn close(&self) {
        let platform = self.platform.lock().unwrap().take();
        if let Some(platform) = platform {
            platform.stop().await;
        }
        self.parts
            .database
            .drop_schemas(&["dispatch"])
            .await
            .unwrap();
        let Some(url) = &self.parts.settings.amqp_url else {
            return;
        };
        // Queues go when nobody is at work on them any more, whom their end would only drive to make them again.
        let namespace = self.parts.settings.namespace.clone().unwrap_or_default();
        let config = bus::Config::Amqp {
            url: url.reveal().to_owned(),
            namespace: format!("trunkline.{namespace}"),
        };
        let broom = Bus::connect(&config).await.unwrap();
        let swept = async {
            broom.ready().await;
            for queue in [
                "text-back",
                "inbound",
                "sent",
                "refused",
                "status",
                "opt-out",
            ] {
                let queue = Subscription::new(format!("dispatch.{queue}"), ["none"]);
                broom.declare(&queue).await.unwrap();
            }
            for queue in ["test.ear", "test.keys"] {
                broom.declare(&ours(queue, &["none"])).await.unwrap();
            }
            broom.delete_namespace().await.unwrap();
        };
        tokio::time::timeout(PATIENCE, swept)
            .await
            .expect("the broker does not answer");
        broom.close().await;
    }

    /// Publishes an event of this time, and gives its id.
    pub async fn publish<E: Event>(&self, time: DateTime<Utc>, event: &E) -> String {
        let id = format!("event-{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.publish_as(&id, time, event).await;
        id
    }

    /// Publishes an event with this id.
    pub async fn publish_as<E: Event>(&self, id: &str, time: DateTime<Utc>, event: &E) {
        self.throw(id, time, event).await;
        let queue = match E::TYPE {
            "call.missed" => "dispatch.text-back",
            "sms.inbound" => "dispatch.inbound",
            "message.sent" => "dispatch.sent",
            "message.refused" => "dispatch.refused",
            "twilio.message.status" => "dispatch.status",
            _ => "dispatch.opt-out",
        };
        self.published
            .lock()
            .unwrap()
            .push((queue.to_owned(), id.to_owned()));
    }

    /// Publishes an event that will not be decided, so that nobody waits for it.
    pub async fn throw<E: Event>(&self, id: &str, time: DateTime<Utc>, event: &E) {
        let envelope = Envelope::at("trunkline/test", id.to_owned(), time, event).tenant("smith");
        self.bus.publish(&envelope).await.unwrap();
    }

    /// Waits until all that was published is decided, and what followed has arrived.
    pub async fn rest(&self) {
        let published = std::mem::take(&mut *self.published.lock().unwrap());
        for (queue, id) in &published {
            eventually(&format!("{queue} handles {id}"), async || {
                let mut tx = self.store.begin().await.unwrap();
                let handled = inbox::enter(&mut tx, queue, id, self.clock.now())
                    .await
                    .unwrap();
                tx.rollback().await.unwrap();
                handled.is_some()
            })
            .await;
        }
        eventually("the outbox is empty", async || {
            outbox::len(&mut self.store.read().await.unwrap())
                .await
                .unwrap()
                == 0
        })
        .await;
        // What came before the mark has been heard when the mark is.
        let mark = format!("mark-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let marked = MessageSend {
            message_id: mark.clone(),
            ..MessageSend::default()
        };
        let envelope = Envelope::at("trunkline/test", mark.clone(), self.clock.now(), &marked);
        self.bus.publish(&envelope).await.unwrap();
        eventually("the mark is heard", async || {
            self.heard.0.lock().unwrap().iter().any(|e| e.id == mark)
        })
        .await;
    }

    /// The commands to send a message, with their envelopes, in the order of their arrival.
    pub async fn sends(&self) -> Vec<(Envelope, MessageSend)> {
        self.rest().await;
        let heard = self.heard.0.lock().unwrap();
        let ours = heard.iter().filter(|e| !e.id.starts_with("mark-"));
        ours.filter_map(|e| Some((e.clone(), e.decode().ok()?)))
            .collect()
    }

    /// The wishes that dispatch told of.
    pub async fn changes(&self) -> Vec<bool> {
        self.rest().await;
        let heard = self.heard.0.lock().unwrap();
        let ours = heard.iter().filter(|e| e.source == "trunkline/dispatch");
        ours.filter_map(|e| Some(e.decode::<OptOutChanged>().ok()?.opted_out))
            .collect()
    }

    /// How many events could not be handled.
    pub async fn dead(&self) -> usize {
        self.bus.dead_letters(100).await.unwrap().len()
    }

    /// A request with a key, and its answer.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.call_with(method, path, key, body, &[]).await
    }

    pub async fn call_with(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(key) = key {
            request = request.header("X-API-Key", key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
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
        let (status, body) = self.call("GET", path, Some(ADMIN), None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// What the admin is told when he posts.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, Some(ADMIN), Some(body)).await
    }

    /// The same with an Idempotency-Key.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        let headers = [("Idempotency-Key", key)];
        self.call_with("POST", path, Some(ADMIN), Some(body), &headers)
            .await
    }

    /// The thread of the caller with smith's first number, when all is at rest.
    pub async fn thread(&self) -> Value {
        self.rest().await;
        let id = world::thread_id("smith", 0, world::CALLER);
        self.get(&format!("/conversations/{id}")).await
    }
}

/// Waits until something is so.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A queue of the test's own, which needs no repeats.
fn ours(queue: &str, bindings: &[&str]) -> Subscription {
    let mut subscription = Subscription::new(queue, bindings.iter().copied());
    subscription.retry_delays = Vec::new();
    subscription
}

fn variable(name: &str, otherwise: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Hears commands and wishes. What leaves twice is heard once.
#[derive(Default)]
struct Ear(Mutex<Vec<Envelope>>);

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let mut heard = self.0.lock().unwrap();
        if heard.iter().all(|e| e.id != delivery.envelope.id) {
            heard.push(delivery.envelope);
        }
        Settle::Done
    }
}

/// Stands in for tenants: a key `read-smith` may read what is smith's.
struct Keys(Bus);

#[async_trait]
impl Handler for Keys {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let Ok(query) = delivery.envelope.decode::<KeyQuery>() else {
            return Settle::Dead("no query".into());
        };
        let all = ["read-smith", "write-smith", "read-jones", "write-jones"];
        let grant = all
            .iter()
            .find(|key| key_hash(key) == query.hash)
            .map(|key| {
                let (scope, tenant) = key.split_once('-').unwrap();
                KeyGrant {
                    known: true,
                    name: (*key).into(),
                    tenant_id: tenant.into(),
                    scopes: vec![scope.into()],
                }
            });
        let reply = Envelope::new(
            "trunkline/test",
            &Clock::system(),
            &grant.unwrap_or_default(),
        );
        if let Some(to) = &delivery.envelope.reply_to {
            let _ = self.0.reply(to, &reply).await;
        }
        Settle::Done
    }
}
