//! The parts that all roles share, a role being built, and the running process.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use bus::Bus;
use clock::Clock;
use events::Event;
use futures::future::BoxFuture;
use store::{Database, Migrations, Schema, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::consumer::Consumer;
use crate::consumers::Consumers;
use crate::decider::{Decider, Deciding};
use crate::error::Error;
use crate::performer::{Performer, Performing};
use crate::queue::Queue;
use crate::relay::Relay;
use crate::timeline::Timeline;
use api::health::{Complaint, Flag, Health};
use api::{HttpPart, KeyStore, Route, Server, Table};
use directory::Directory;
use encryption::{Sealer, new_key};
use settings::{Secret, Settings};

/// What every role gets. Clones share everything.
#[derive(Clone)]
pub struct Parts {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Clock,
    /// The bus.
    pub bus: Bus,
    /// Where roles keep their data.
    pub database: Database,
    /// Encrypts and decrypts credentials.
    pub sealer: Sealer,
    /// Who may call the API.
    pub keys: KeyStore,
    /// Accounts and numbers, for the edge.
    pub directory: Directory,
    /// Diagnostic lines for the timelines of calls.
    pub timeline: Timeline,
    /// The commit that this binary was built of; empty: the build was not told.
    pub commit: &'static str,
    /// The roles of this platform, in whichever processes they run; none: they are not known.
    pub roles: Vec<&'static str>,
    /// The port that this process serves on, once it does.
    pub port: Arc<OnceLock<u16>>,
    /// Cancelled when the process is asked to stop.
    pub stopping: CancellationToken,
}

impl Parts {
    /// Opens bus and database as the settings say.
    pub async fn open(settings: Settings, clock: Clock) -> Result<Self, Error> {
        let data_dir = settings.data_dir.clone();
        std::fs::create_dir_all(&data_dir).map_err(|source| Error::Io {
            what: format!(
                "the data folder {} cannot be made; choose another with --data-dir",
                data_dir.display()
            ),
            source,
        })?;
        let namespace = settings.namespace.clone();
        let config = match &settings.amqp_url {
            Some(url) => bus::Config::Amqp {
                url: url.reveal().to_owned(),
                namespace: namespace
                    .clone()
                    .map_or_else(|| "trunkline".to_owned(), |ns| format!("trunkline.{ns}")),
            },
            None => bus::Config::Embedded {
                dir: data_dir.join("bus"),
            },
        };
        let bus = Bus::connect(&config).await?;
        let database = match &settings.database_url {
            Some(url) => Database::Postgres {
                url: url.reveal().to_owned(),
                namespace,
                pool_size: settings.database_pool,
            },
            None => Database::Sqlite {
                dir: data_dir.join("db"),
            },
        };
        let unset = || {
            Error::Settings(
                "TRUNKLINE_SECRET_KEY and TRUNKLINE_ADMIN_API_KEY must be known here".into(),
            )
        };
        let sealer = Sealer::new(settings.secret_key.as_ref().ok_or_else(unset)?);
        let admin = settings.admin_api_key.as_ref().ok_or_else(unset)?;
        let keys = KeyStore::new(
            admin,
            settings.internal_service_key.clone(),
            &settings.limits,
            bus.clone(),
            clock.clone(),
        );
        let directory = Directory::new(
            bus.clone(),
            clock.clone(),
            sealer.clone(),
            settings.account.as_ref(),
            data_dir.join("directory.sealed"),
        );
        let timeline = Timeline::new(bus.clone(), clock.clone(), settings.timeline_notes);
        Ok(Self {
            settings: Arc::new(settings),
            clock,
            bus,
            database,
            sealer,
            keys,
            directory,
            timeline,
            commit: "",
            roles: Vec::new(),
            port: Arc::default(),
            stopping: CancellationToken::new(),
        })
    }

    /// A fresh random secret, for those that are made up on a laptop.
    pub fn made_up(prefix: &str) -> Secret {
        Secret::new(new_key(prefix))
    }
}

/// A role, ready to start: its consumers, its routes, its database.
pub struct Role {
    name: &'static str,
    queues: Vec<Queue>,
    http: Vec<HttpPart>,
    store: Option<Store>,
    /// Its schema, while the database is away.
    waits_for: Option<Schema>,
    relay: Option<(Relay, JoinHandle<()>)>,
    relay_stop: CancellationToken,
    flags: Vec<(&'static str, Flag)>,
    complaints: Vec<(&'static str, Complaint)>,
    stays_in_rotation: bool,
    tasks: Vec<JoinHandle<()>>,
    draining: Option<BoxFuture<'static, ()>>,
    parts: Parts,
}

impl Role {
    /// Begins a role.
    pub fn new(name: &'static str, parts: &Parts) -> Self {
        Self {
            name,
            queues: Vec::new(),
            http: Vec::new(),
            store: None,
            waits_for: None,
            relay: None,
            relay_stop: CancellationToken::new(),
            flags: Vec::new(),
            complaints: Vec::new(),
            stays_in_rotation: false,
            tasks: Vec::new(),
            draining: None,
            parts: parts.clone(),
        }
    }

    /// Its name, which begins the names of its queues.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Opens the role's database and the relay of its outbox. Gives both, for handlers and performers that need them. A
    /// database that is away is waited for: until it answers, nothing is handled, and the store returns
    /// [`store::Error::Unavailable`]. What has to be read or written before anything else waits for [`Store::ready`] in a
    /// task of the role's.
    pub async fn with_store(&mut self, migrations: Migrations) -> Result<(Store, Relay), Error> {
        let (store, schema) = Store::prepare(&self.parts.database, self.name, migrations)?;
        match schema.update().await {
            Ok(()) => {}
            Err(error @ store::Error::Unavailable(_)) => {
                warn!(role = self.name, %error, "the database is away; trying until it answers");
                self.waits_for = Some(schema);
            }
            Err(error) => return Err(error.into()),
        }
        let (relay, task) = Relay::start(
            store.clone(),
            self.parts.bus.clone(),
            self.parts.clock.clone(),
            self.relay_stop.clone(),
        );
        self.store = Some(store.clone());
        self.relay = Some((relay.clone(), task));
        Ok((store, relay))
    }

    /// Its queues, without the bus's namespace.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        self.queues.iter().map(Queue::name)
    }

    /// Adds a decider, with a queue of its own. The role has its store by then.
    pub fn decides<D: Decider>(&mut self, decider: D) -> Result<(), Error> {
        self.decides_on(D::NAME, decider)
    }

    /// Adds a decider that shares a queue with others, which a broker spends files and memory on: one for those that are as
    /// quick as each other and as urgent, so that none waits behind a slower or a lesser one. Its inbox stays its own.
    pub fn decides_on<D: Decider>(&mut self, queue: &str, decider: D) -> Result<(), Error> {
        let (Some(store), Some((relay, _))) = (&self.store, &self.relay) else {
            return Err(Error::Settings(format!(
                "{} decides without a store; call with_store first",
                self.name
            )));
        };
        let deciding = Deciding {
            decider,
            name: format!("{}.{}", self.name, D::NAME),
            store: store.clone(),
            bus: self.parts.bus.clone(),
            relay: relay.clone(),
            clock: self.parts.clock.clone(),
        };
        let consumer = (deciding.subscription(), Arc::new(deciding) as _);
        self.add(queue, consumer, D::Event::TYPE)
    }

    /// Adds a performer, with a queue of its own.
    pub fn performs<P: Performer>(&mut self, performer: P) -> Result<(), Error> {
        self.performs_on(P::NAME, performer)
    }

    /// Adds a performer that shares a queue with others: see [`Role::decides_on`].
    pub fn performs_on<P: Performer>(&mut self, queue: &str, performer: P) -> Result<(), Error> {
        let performing = Performing {
            performer,
            name: format!("{}.{}", self.name, P::NAME),
            bus: self.parts.bus.clone(),
            clock: self.parts.clock.clone(),
        };
        let consumer = (performing.subscription(), Arc::new(performing) as _);
        self.add(queue, consumer, P::Command::TYPE)
    }

    fn add(&mut self, queue: &str, consumer: Consumer, kind: &'static str) -> Result<(), Error> {
        let name = format!("{}.{queue}", self.name);
        let known = self.queues.iter_mut().find(|queue| queue.name() == name);
        if let Some(queue) = known {
            return queue.add(consumer, kind);
        }
        let mut queue = Queue::new(name);
        queue.add(consumer, kind)?;
        self.queues.push(queue);
        Ok(())
    }

    /// Adds the role's routes and the state that their handlers take as `web::Data<T>`.
    pub fn serves<T: Send + Sync + 'static>(&mut self, routes: &'static [Route], state: T) {
        let state = web::Data::new(state);
        let data = move |app: &mut ServiceConfig| {
            app.app_data(state.clone());
        };
        self.http.push(HttpPart {
            routes,
            data: Arc::new(data),
        });
    }

    /// Adds something that must be well for the process to be ready.
    pub fn needs(&mut self, name: &'static str, flag: Flag) {
        self.flags.push((name, flag));
    }

    /// Adds something that readiness names where it is wrong. The process is `degraded` then and goes on.
    pub fn complains(&mut self, name: &'static str, complaint: Complaint) {
        self.complaints.push((name, complaint));
    }

    /// Says that the role does its work with everything behind it away: the process stays ready (`degraded`) then, so
    /// that a load balancer goes on sending requests to it.
    pub fn stays_in_rotation(&mut self) {
        self.stays_in_rotation = true;
    }

    /// Says what is waited for before the server stops: what is live in its connections, calls above all. It ends by itself, after
    /// a while that the settings say.
    pub fn drains(&mut self, live: impl Future<Output = ()> + Send + 'static) {
        self.draining = Some(Box::pin(live));
    }

    /// Runs a task of the role's own. It ends by itself when `parts.stopping` is cancelled.
    pub fn runs(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(tokio::spawn(task));
    }
}

/// How long requests that are in hand may take when the process stops: the longest that Twilio is kept waiting.
const REQUESTS_END: Duration = Duration::from_secs(10);
/// The same of deliveries. What takes longer is delivered again.
const DELIVERIES_END: Duration = Duration::from_secs(6);

/// The roles of this process, running.
pub struct Platform {
    parts: Parts,
    server: Server,
    consumers: Consumers,
    roles: Vec<Role>,
    tasks: Vec<JoinHandle<()>>,
}

impl Platform {
    /// Declares every queue, then consumes, then serves: nothing is published before its queue exists. With the bus or a
    /// database away it serves at once, says in `/health/ready` what it waits for, and consumes when they answer.
    pub async fn start(parts: Parts, roles: Vec<Role>) -> Result<Self, Error> {
        Self::start_knowing(parts, roles, &[]).await
    }

    /// The same for a binary that knows the routes of more roles than it runs: the OpenAPI document has them, too, since a
    /// client that asks one process for it may reach all of them at one address.
    pub async fn start_knowing(
        parts: Parts,
        mut roles: Vec<Role>,
        known: &[Table],
    ) -> Result<Self, Error> {
        let stop = parts.stopping.clone();
        let schemas = roles
            .iter_mut()
            .filter_map(|r| r.waits_for.take())
            .collect();
        let wanted = roles
            .iter_mut()
            .flat_map(|r| r.queues.drain(..))
            .map(Queue::into_consumer)
            .collect();
        let consumers = Consumers::open(&parts.bus, schemas, wanted, stop.clone()).await?;
        let tasks = vec![
            tokio::spawn(parts.directory.clone().keep_fresh(stop.clone())),
            tokio::spawn(parts.keys.clone().keep_true(stop.clone())),
            tokio::spawn(parts.timeline.clone().run(stop.clone())),
        ];
        let health = Health {
            commit: parts.commit,
            bus: parts.bus.clone(),
            at_work: consumers.at_work.clone(),
            stores: roles
                .iter()
                .filter_map(|r| Some((r.name, r.store.clone()?)))
                .collect(),
            flags: roles.iter().flat_map(|r| r.flags.clone()).collect(),
            complaints: roles.iter().flat_map(|r| r.complaints.clone()).collect(),
            stopping: stop,
            stays_in_rotation: roles.iter().any(|r| r.stays_in_rotation),
            metrics_token: parts.settings.metrics_token.clone(),
        };
        let http = roles.iter().flat_map(|r| r.http.clone()).collect();
        let served = roles
            .iter()
            .flat_map(|r| r.http.iter().map(move |part| (r.name, part.routes)));
        let described: Vec<Table> = known.iter().copied().chain(served).collect();
        let (bind, port) = (parts.settings.bind.clone(), parts.settings.port);
        let server = Server::start(
            &bind,
            port,
            http,
            parts.keys.clone(),
            health,
            parts.bus.clone(),
            &described,
        )
        .map_err(|source| Error::Io {
            what: format!("cannot listen on {bind}:{port}; choose another port with --port"),
            source,
        })?;
        // The first platform's port stays: a second one on the same parts is a replica.
        let _ = parts.port.set(server.port);
        info!(port = server.port, roles = %names(&roles), "ready");
        Ok(Self {
            parts,
            server,
            consumers,
            roles,
            tasks,
        })
    }

    /// The port it serves on.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The parts, for what runs beside the roles.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Drains: everything in hand is finished and sent, then no more is taken. The port stays open to the end, since what
    /// Twilio asks meanwhile has an answer here: deciders work until no request waits for them, and a webhook that comes
    /// after that gets its fallback at once, with the event on the bus for the next start.
    pub async fn stop(mut self) {
        info!("stopping: requests and deliveries in hand are finished first");
        self.parts.stopping.cancel();
        let live = self
            .roles
            .iter_mut()
            .filter_map(|role| role.draining.take());
        futures::future::join_all(live).await;
        self.server.quiet(REQUESTS_END).await;
        self.consumers.stop(DELIVERIES_END).await;
        self.parts.bus.consumers_have_stopped();
        self.server.stop().await;
        for role in self.roles {
            role.relay_stop.cancel();
            let relay = role.relay.map(|(_, task)| task);
            for task in role.tasks.into_iter().chain(relay) {
                if let Err(e) = task.await {
                    error!(role = role.name, error = %e, "a task of the role ended badly");
                }
            }
        }
        for task in self.tasks {
            let _ = task.await;
        }
        self.parts.bus.close().await;
        info!("stopped");
    }
}

fn names(roles: &[Role]) -> String {
    roles.iter().map(|r| r.name).collect::<Vec<_>>().join(",")
}
