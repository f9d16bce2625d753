//! Where a case runs: its settings, its folder, its namespace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use settings::Settings;
use tempfile::TempDir;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The admin's API key.
pub const ADMIN: &str = "the-admins-key";
/// The key that roles use between each other.
pub const SERVICE: &str = "the-key-between-roles";

/// On which parts a case runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// SQLite and the embedded bus.
    Embedded,
    /// PostgreSQL and RabbitMQ.
    Distributed,
}

/// Where the PostgreSQL server of the tests is: `DATABASE_URL`.
pub fn database_url() -> String {
    variable(
        "DATABASE_URL",
        "postgres://postgres@127.0.0.1:5432/postgres",
    )
}

/// Where the RabbitMQ of the tests is: `AMQP_URL`.
pub fn amqp_url() -> String {
    variable("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f")
}

fn variable(name: &str, otherwise: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

pub(crate) struct Place {
    pub mode: Mode,
    pub settings: Settings,
    _dir: TempDir,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// A place of its own. `name` begins the namespace: a-z, 0-9 and _.
    pub async fn new(name: &str, mode: Mode, more: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let turn = match mode {
            Mode::Distributed => Some(turn().await),
            Mode::Embedded => None,
        };
        let dir = tempfile::tempdir().unwrap();
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{name}{}_{nth}", std::process::id());
        let mut env = BTreeMap::from([
            ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests".to_owned()),
            ("TRUNKLINE_ADMIN_API_KEY", ADMIN.to_owned()),
            ("INTERNAL_SERVICE_KEY", SERVICE.to_owned()),
            ("TRUNKLINE_NAMESPACE", namespace),
            ("TRUNKLINE_DATABASE_POOL", "4".to_owned()),
        ]);
        if mode == Mode::Distributed {
            env.insert("DATABASE_URL", database_url());
            env.insert("AMQP_URL", amqp_url());
        }
        env.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let env: BTreeMap<_, _> = env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut settings = Settings::load(&env, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();
        Self {
            mode,
            settings,
            _dir: dir,
            _turn: turn,
        }
    }
}

/// How many platforms are on the broker at once, unless `TRUNKLINE_TEST_PLATFORMS` says otherwise: as many as the suite of
/// the binary has whole ones there. Each has dozens of quorum queues, for which a broker needs files.
const PLATFORMS: usize = 3;

async fn turn() -> OwnedSemaphorePermit {
    static BROKER: std::sync::OnceLock<Arc<Semaphore>> = std::sync::OnceLock::new();
    let broker = BROKER.get_or_init(|| {
        let wanted = variable("TRUNKLINE_TEST_PLATFORMS", "").parse::<usize>();
        Arc::new(Semaphore::new(wanted.unwrap_or(PLATFORMS).max(1)))
    });
    broker.clone().acquire_owned().await.unwrap()
}
