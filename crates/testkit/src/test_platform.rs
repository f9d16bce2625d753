//! A platform that a case has for itself.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex};

use bus::Bus;
use chrono::TimeDelta;
use clock::Clock;
use events::{Envelope, Event};
use futures::FutureExt;
use role::{Parts, Platform, Role};
use settings::Settings;
use store::{Database, Migrations, Store, inbox, outbox};

use crate::client::client;
use crate::place::Place;
use crate::sweep::{sweep, sweep_broker};
use crate::{EventRecorder, Keys, Mode, PATIENCE, eventually};

/// A place of its own, the platforms that run there, and a test double at each end of them.
pub struct TestPlatform {
    /// The time, for everything that runs here.
    pub clock: Clock,
    /// Hears what [`EventRecorder::listen`] is told to.
    pub recorder: Arc<EventRecorder>,
    /// The API keys, when [`Keys::serve`] is called.
    pub keys: Arc<Keys>,
    place: Place,
    opened: Mutex<Vec<Parts>>,
    running: Mutex<Vec<Platform>>,
    schemas: Mutex<Vec<&'static str>>,
    pub(crate) client: reqwest::Client,
}

/// Runs a case and cleans up after it, whether it passes or not.
pub async fn run<L, F>(app: L, case: impl FnOnce(Arc<L>) -> F)
where
    L: Deref<Target = TestPlatform>,
    F: Future<Output = ()>,
{
    let app = Arc::new(app);
    let outcome = AssertUnwindSafe(case(app.clone())).catch_unwind().await;
    app.close().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl TestPlatform {
    /// A place with nothing running. `name` begins the namespace (a-z, 0-9 and _), and `more` are settings by the names
    /// of their environment variables.
    pub async fn new(name: &str, mode: Mode, clock: Clock, more: &[(&str, &str)]) -> Self {
        Self {
            clock,
            recorder: Arc::default(),
            keys: Arc::default(),
            place: Place::new(name, mode, more).await,
            opened: Mutex::default(),
            running: Mutex::default(),
            schemas: Mutex::default(),
            client: client(),
        }
    }

    /// Opens bus and database, on what was left there, and waits for them. They are [`TestPlatform::parts`] from now on.
    pub async fn open(&self) -> Parts {
        let parts = self.open_now().await;
        tokio::time::timeout(PATIENCE, parts.bus.ready())
            .await
            .expect("is RabbitMQ running? `make test` starts it; or set AMQP_URL");
        parts
    }

    /// The same without waiting for a bus that is away.
    pub async fn open_now(&self) -> Parts {
        let settings = self.place.settings.clone();
        let parts = Parts::open(settings, self.clock.clone()).await.unwrap();
        self.opened.lock().unwrap().push(parts.clone());
        parts
    }

    /// Starts a platform with these roles on the parts that were opened last; gives where it serves. The first that
    /// runs is the one that is asked; others are its replicas.
    pub async fn start(&self, roles: Vec<Role>) -> String {
        let names = roles.iter().map(Role::name);
        self.schemas.lock().unwrap().extend(names);
        let platform = Platform::start(self.parts(), roles).await.unwrap();
        let base = base(&platform);
        self.running.lock().unwrap().push(platform);
        base
    }

    /// Stops all platforms in order. They leave what a process leaves.
    pub async fn stop(&self) {
        let running = std::mem::take(&mut *self.running.lock().unwrap());
        for platform in running {
            platform.stop().await;
        }
    }

    /// Makes the bus that is opened next one that has never seen a queue, like that of a new broker. Nothing runs
    /// meanwhile.
    pub async fn renew_bus(&self) {
        let opened = self.opened.lock().unwrap().clone();
        let settings = &self.place.settings;
        match self.mode() {
            Mode::Embedded => std::fs::remove_dir_all(settings.data_dir.join("bus")).unwrap(),
            Mode::Distributed => sweep_broker(settings, &opened).await,
        }
    }

    /// Stops everything and removes what it had on the servers.
    pub async fn close(&self) {
        self.stop().await;
        let opened = std::mem::take(&mut *self.opened.lock().unwrap());
        // One that no platform was started on is still open.
        for parts in &opened {
            parts.bus.close().await;
        }
        let schemas = std::mem::take(&mut *self.schemas.lock().unwrap());
        sweep(&self.place.settings, &opened, &schemas).await;
    }

    /// The parts that were opened last.
    pub fn parts(&self) -> Parts {
        let opened = self.opened.lock().unwrap();
        opened.last().expect("open comes first").clone()
    }

    /// The bus of those.
    pub fn bus(&self) -> Bus {
        self.parts().bus
    }

    /// The bus as another process sees it, which is to be closed. The embedded one has no other process: none.
    pub async fn other_bus(&self) -> Option<Bus> {
        let Settings {
            amqp_url,
            namespace,
            ..
        } = &self.place.settings;
        let config = bus::Config::Amqp {
            url: amqp_url.as_ref()?.reveal().to_owned(),
            namespace: format!("trunkline.{}", namespace.as_ref()?),
        };
        Some(Bus::connect(&config).await.unwrap())
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.place.settings
    }

    /// On which parts it runs.
    pub fn mode(&self) -> Mode {
        self.place.mode
    }

    /// Where the first platform serves: `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        let running = self.running.lock().unwrap();
        base(running.first().expect("start comes first"))
    }

    /// A role's database, for looking into it, whether a platform runs or not.
    pub async fn store(&self, role: &str, migrations: Migrations) -> Store {
        let settings = &self.place.settings;
        let database = match &settings.database_url {
            Some(url) => Database::Postgres {
                url: url.reveal().to_owned(),
                namespace: settings.namespace.clone(),
                pool_size: 2,
            },
            None => Database::Sqlite {
                dir: settings.data_dir.join("db"),
            },
        };
        Store::open(&database, role, migrations).await.unwrap()
    }

    /// An event that happens now, from nobody that is under test.
    pub fn envelope<E: Event>(&self, event: &E) -> Envelope {
        Envelope::new("trunkline/test", &self.clock, event)
    }

    /// Publishes it.
    pub async fn publish<E: Event>(&self, event: &E) {
        self.bus().publish(&self.envelope(event)).await.unwrap();
    }

    /// Waits until a decider has decided on an event; its queue is `role.name`.
    pub async fn handled(&self, store: &Store, queue: &str, id: &str) {
        eventually(&format!("{queue} handles {id}"), async || {
            let mut tx = store.begin().await.unwrap();
            let is_new = inbox::enter(&mut tx, queue, id, self.clock.now()).await;
            tx.rollback().await.unwrap();
            !is_new.unwrap()
        })
        .await;
    }

    /// Waits until a role has nothing to send but what waits for its time.
    pub async fn outbox_is_empty(&self, store: &Store) {
        // What is leaving just now is leased, for less than this.
        let soon = self.clock.now() + TimeDelta::seconds(5);
        eventually("the outbox holds timers only", async || {
            let next = outbox::next_due(&mut store.read().await.unwrap()).await;
            next.unwrap().is_none_or(|due| due > soon)
        })
        .await;
    }

    /// Why events could not be handled, and how often it was tried, at most 100 of them.
    pub async fn dead(&self) -> Vec<(String, u32)> {
        let dead = self.bus().dead_letters(100).await.unwrap();
        dead.into_iter().map(|d| (d.reason, d.attempts)).collect()
    }
}

fn base(platform: &Platform) -> String {
    format!("http://127.0.0.1:{}", platform.port())
}
