//! The role on a platform of its own, with somebody at each end of the bus.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bus::{Bus, Delivery, Depth, Handler, Settle, Subscription};
use calls::door::{self, CallRow};
use clock::{Clock, Time};
use events::v1::{
    CallEnded, CallLookup, CallMissed, CallStarted, KeyGrant, KeyQuery, ResolveQuery, Resolved,
    TenantContext, TwimlReply,
};
use events::{Envelope, Event};
use futures::FutureExt;
use role::seal::key_hash;
use role::settings::Settings;
use role::{Parts, Platform};
use serde_json::Value;
use store::{Store, inbox, outbox};

use crate::story::{NUMBER, Told, at};
use crate::words;

pub const ADMIN: &str = "the-admins-key";
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Lab {
    platform: Mutex<Option<Platform>>,
    pub clock: Clock,
    pub bus: Bus,
    parts: Parts,
    store: Store,
    base: String,
    client: reqwest::Client,
    ear: Arc<Ear>,
    next: AtomicU32,
    _dir: tempfile::TempDir,
}

/// Runs a case and cleans up after it, whether it passes or not.
pub async fn run<F: Future<Output = ()>>(mode: &str, case: fn(Arc<Lab>) -> F) {
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
                format!("calls{}_{nth}", std::process::id()),
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

        let clock = Clock::held(at(100));
        let parts = Parts::open(settings, clock.clone()).await.unwrap();
        let bus = parts.bus.clone();
        tokio::time::timeout(PATIENCE, bus.ready())
            .await
            .expect("is RabbitMQ running? `make test` starts it; or set AMQP_URL");
        let ear = Arc::new(Ear::default());
        let heard = [
            "call.started",
            "call.answered",
            "call.missed",
            "call.ended",
            "call.lookup",
        ];
        bus.consume(Subscription::new("test.ear", heard), ear.clone())
            .await
            .unwrap();
        let clerk = Subscription::new("test.tenants", [KeyQuery::TYPE, ResolveQuery::TYPE]);
        bus.consume(clerk, Arc::new(Clerk(bus.clone())))
            .await
            .unwrap();

        let role = calls::role(&parts).await.unwrap();
        let platform = Platform::start(parts.clone(), vec![role]).await.unwrap();
        let base = format!("http://127.0.0.1:{}", platform.port());
        let store = Store::open(&parts.database, "calls", door::MIGRATIONS)
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
            ear,
            next: AtomicU32::new(0),
            _dir: dir,
        }
    }

    async fn close(&self) {
        let queues = self.bus.depths().await.unwrap_or_default();
        let platform = self.platform.lock().unwrap().take();
        if let Some(platform) = platform {
            platform.stop().await;
        }
        clean(&self.parts.settings, queues).await;
        self.parts.database.drop_schemas(&["calls"]).await.unwrap();
    }

    /// Publishes an event as of this time.
    pub async fn publish<E: Event>(&self, queue: &str, time: Time, event: &E) {
        let id = format!("event-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let envelope = Envelope::at("trunkline/test", id.clone(), time, event).tenant("smith");
        self.bus.publish(&envelope).await.unwrap();
        self.handled(queue, &id).await;
    }

    /// Publishes it and waits until it has been decided on.
    pub async fn hear(&self, told: &Told) {
        told.publish(&self.bus).await;
        self.handled(told.queue(), &told.id).await;
    }

    /// Asks as the front door does, and gives the TwiML.
    pub async fn ask(&self, told: &Told) -> String {
        let envelope = Envelope {
            reply_to: None,
            ..told.envelope()
        };
        let reply = self.bus.request(envelope, PATIENCE).await.unwrap();
        reply.decode::<TwimlReply>().unwrap().xml
    }

    pub async fn handled(&self, queue: &str, id: &str) {
        eventually(&format!("{queue} handles {id}"), async || {
            let mut tx = self.store.begin().await.unwrap();
            let handled = inbox::enter(&mut tx, queue, id, at(0)).await.unwrap();
            tx.rollback().await.unwrap();
            handled.is_some()
        })
        .await;
    }

    /// Waits until nothing is on its way but what waits for its time.
    pub async fn rest(&self) {
        eventually("the outbox holds timers only", async || {
            let next = outbox::next_due(&mut self.store.read().await.unwrap())
                .await
                .unwrap();
            next.is_none_or(|due| due > self.clock.now() + chrono::TimeDelta::seconds(5))
        })
        .await;
        // What came before the mark has been heard when the mark is.
        let mark = format!("mark-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let envelope = Envelope::at(
            "trunkline/test",
            mark.clone(),
            at(0),
            &CallStarted::default(),
        );
        self.bus.publish(&envelope).await.unwrap();
        eventually("the mark is heard", async || {
            self.ear.all().iter().any(|e| e.id == mark)
        })
        .await;
    }

    /// The types of what was told of a call, sorted, as often as it was told; and look-ups.
    pub async fn told(&self, call: &str) -> Vec<String> {
        self.rest().await;
        let ours = |e: &Envelope| e.key.as_deref() == Some(call);
        let mut kinds: Vec<_> = self
            .ear
            .all()
            .into_iter()
            .filter(ours)
            .map(|e| e.kind)
            .collect();
        kinds.sort();
        kinds
    }

    pub fn heard<E: Event>(&self) -> Vec<(Envelope, E)> {
        let heard = self.ear.all();
        heard
            .iter()
            .filter_map(|e| Some((e.clone(), e.decode().ok()?)))
            .collect()
    }

    pub fn missed(&self) -> Vec<CallMissed> {
        self.heard().into_iter().map(|(_, missed)| missed).collect()
    }

    pub fn ended(&self) -> Vec<CallEnded> {
        self.heard().into_iter().map(|(_, ended)| ended).collect()
    }

    pub fn lookups(&self) -> Vec<Envelope> {
        self.heard::<CallLookup>()
            .into_iter()
            .map(|(envelope, _)| envelope)
            .collect()
    }

    pub async fn row(&self, call: &str) -> CallRow {
        let mut tx = self.store.read().await.unwrap();
        door::call_find(&mut tx, call).await.unwrap().unwrap()
    }

    pub async fn dead(&self) -> Vec<String> {
        let dead = self.bus.dead_letters(100).await.unwrap();
        dead.into_iter().map(|letter| letter.reason).collect()
    }

    /// A request with a key, and its answer.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let mut request = self.client.request(method.parse().unwrap(), url);
        if !key.is_empty() {
            request = request.header("X-API-Key", key);
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
        let subscription = Subscription::new(queue.queue, [""; 0]);
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

/// Hears what the role tells, each time that it does.
#[derive(Default)]
struct Ear(Mutex<Vec<Envelope>>);

impl Ear {
    fn all(&self) -> Vec<Envelope> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, delivery: Delivery) -> Settle {
        self.0.lock().unwrap().push(delivery.envelope);
        Settle::Done
    }
}

/// Stands in for tenants: the numbers of smith and jones, and keys such as `read-smith`.
struct Clerk(Bus);

/// jones's number.
pub const OTHER: &str = "+15550200001";
/// A number of smith's that is suspended.
pub const SUSPENDED: &str = "+15550100009";

fn resolve(query: &ResolveQuery) -> Resolved {
    let tenant = |id: &str| TenantContext {
        number: Some(events::v1::Number {
            number: query.number.clone(),
            ..Default::default()
        }),
        ..words::tenant(id)
    };
    match query.number.as_str() {
        NUMBER => Resolved {
            tenant: Some(tenant("smith")),
            active: true,
        },
        OTHER => Resolved {
            tenant: Some(tenant("jones")),
            active: true,
        },
        SUSPENDED => Resolved {
            tenant: Some(tenant("smith")),
            active: false,
        },
        _ => Resolved::default(),
    }
}

fn grant(query: &KeyQuery) -> KeyGrant {
    let all = ["read-smith", "write-smith", "read-jones", "write-jones"];
    let key = all.iter().find(|key| key_hash(key) == query.hash);
    key.map_or_else(KeyGrant::default, |key| {
        let (scope, tenant) = key.split_once('-').unwrap();
        KeyGrant {
            known: true,
            name: (*key).into(),
            tenant_id: tenant.into(),
            scopes: vec![scope.into()],
        }
    })
}

#[async_trait]
impl Handler for Clerk {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let envelope = delivery.envelope;
        let reply = if let Ok(query) = envelope.decode::<KeyQuery>() {
            Envelope::new("trunkline/test", &Clock::system(), &grant(&query))
        } else if let Ok(query) = envelope.decode::<ResolveQuery>() {
            Envelope::new("trunkline/test", &Clock::system(), &resolve(&query))
        } else {
            return Settle::Dead("no query".into());
        };
        if let Some(to) = &envelope.reply_to {
            let _ = self.0.reply(to, &reply).await;
        }
        Settle::Done
    }
}
