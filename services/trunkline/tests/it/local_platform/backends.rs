//! The servers of the split platform: a broker and a database that others use too, so everything has a name of its own and
//! goes away at the end.

use std::collections::BTreeMap;

use bus::{Bus, Config, Subscription};
use clock::Clock;
use role::{Parts, Platform};
use settings::Settings;
use store::{Database, Migrations};
use tokio::sync::OnceCell;

use super::roles::ROLES;

/// Where the servers are, and the name of one platform on them.
#[derive(Clone)]
pub struct Backends {
    pub amqp_url: String,
    pub database_url: String,
    pub namespace: String,
}

impl Backends {
    /// A fresh name on the servers that the environment names.
    pub fn new() -> Self {
        let variable = |name: &str, otherwise: &str| {
            let set = std::env::var_os(name).and_then(|value| value.into_string().ok());
            set.unwrap_or_else(|| otherwise.to_owned())
        };
        let (amqp, postgres) = (
            "amqp://guest:guest@127.0.0.1:5672/%2f",
            "postgres://postgres@127.0.0.1:5432/postgres",
        );
        Self {
            amqp_url: variable("AMQP_URL", amqp),
            database_url: variable("DATABASE_URL", postgres),
            namespace: format!("e2e_{:012x}", rand::random::<u64>() >> 16),
        }
    }

    /// The platform's own bus.
    pub async fn bus(&self) -> Bus {
        let config = Config::Amqp {
            url: self.amqp_url.clone(),
            namespace: format!("trunkline.{}", self.namespace),
        };
        let bus = Bus::connect(&config).await.unwrap();
        let ready = tokio::time::timeout(super::PATIENCE, bus.ready()).await;
        ready.expect("RabbitMQ answers; `make test` starts one, or set AMQP_URL");
        bus
    }

    /// Removes every queue, exchange and schema of this name. No process uses them any more.
    pub async fn remove(&self) {
        let bus = self.bus().await;
        // A bus removes what it has declared, and it has to know of it for that.
        for queue in queues().await {
            let nothing: [&str; 0] = [];
            let declared = bus.declare(&Subscription::new(queue, nothing)).await;
            declared.expect("the queue of a role can be declared again");
        }
        bus.delete_namespace().await.expect("the queues can go");
        bus.close().await;
        self.remove_schemas().await;
    }

    /// The same where nothing was on the broker.
    pub async fn remove_schemas(&self) {
        let database = Database::Postgres {
            url: self.database_url.clone(),
            namespace: Some(self.namespace.clone()),
            pool_size: 1,
        };
        let schemas: Vec<_> = tables().into_iter().map(|(role, _)| role).collect();
        database
            .drop_schemas(&schemas)
            .await
            .expect("the schemas can go");
    }
}

/// The roles that have tables, with what makes them.
pub fn tables() -> Vec<(&'static str, Migrations)> {
    let made = |role: &role::RoleSpec| Some((role.name, role.migrations?()));
    ROLES.iter().filter_map(made).collect()
}

/// The queues of all roles, as the roles themselves declare them.
async fn queues() -> &'static [String] {
    static QUEUES: OnceCell<Vec<String>> = OnceCell::const_new();
    let all = QUEUES.get_or_init(|| Box::pin(declared_by_the_roles()));
    all.await.as_slice()
}

async fn declared_by_the_roles() -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let env = [
        ("TWILIO_ACCOUNT_SID", super::ACCOUNT),
        ("TWILIO_AUTH_TOKEN", super::TOKEN),
        ("TRUNKLINE_ADMIN_API_KEY", "a-key-that-nobody-uses"),
        ("TRUNKLINE_SECRET_KEY", "a-secret-that-nobody-uses"),
    ];
    let env: BTreeMap<String, String> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut settings = Settings::load(&env, None).unwrap();
    settings.port = 0;
    settings.data_dir = dir.path().to_owned();
    let parts = Parts::open(settings, Clock::system()).await.unwrap();
    let mut roles = Vec::new();
    for role in ROLES {
        roles.push(role.start(&parts).await.unwrap());
    }
    let platform = Platform::start(parts.clone(), roles).await.unwrap();
    let queues = parts.bus.depths().await.unwrap();
    platform.stop().await;
    queues.into_iter().map(|depth| depth.queue).collect()
}
