//! Which database, and the pools on it.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::{ConnectionError, QueryableByName};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures::FutureExt;
use tokio::sync::watch;

use crate::group_commit::{GroupCommit, Rows};
use crate::inbox::Entry;
use crate::pool::{checkout, pg_pool, sqlite_pool};
use crate::server::Server;
use crate::sqlite::{Place, Spent, Sqlite};
use crate::tx::{Conn, Connection, Tx};
use crate::{Error, Migrations, SchemaState, migrate};

/// Where the data is kept.
#[derive(Clone)]
pub enum Database {
    /// A PostgreSQL server; each role has its own schema there.
    Postgres {
        /// `postgres://user:password@host:port/database`. `sslmode=require` checks the server's certificate
        /// against the machine's roots; anything less connects in the clear.
        url: String,
        /// Put before each schema's name, so that several platforms (or tests) can share a database.
        namespace: Option<String>,
        /// The most connections a role opens.
        pool_size: usize,
    },
    /// SQLite; each role has its own file in this folder.
    Sqlite {
        /// The folder; it is created.
        dir: PathBuf,
    },
}

/// One role's database. Clones share the pools.
#[derive(Clone)]
pub struct Store {
    pools: Pools,
    /// Whether the schema is up to date; until then the database counts as away.
    up_to_date: watch::Receiver<bool>,
}

#[derive(Clone)]
enum Pools {
    Pg {
        pool: Pool<AsyncPgConnection>,
        server: Arc<Server>,
        group: GroupCommit,
    },
    // One writer: SQLite has one anyway, and a queue in front of it is fairer and faster than busy-waiting.
    Sqlite {
        writer: Pool<Sqlite>,
        readers: Pool<Sqlite>,
        spent: Spent,
    },
}

impl Store {
    /// Opens the role's database and brings its schema up to date.
    pub async fn open(
        database: &Database,
        role: &str,
        migrations: Migrations,
    ) -> Result<Self, Error> {
        let (store, schema) = Self::prepare(database, role, migrations)?;
        schema.update().await?;
        Ok(store)
    }

    /// The role's database without connecting to it. It counts as away until [`Schema::update`] has succeeded.
    pub fn prepare(
        database: &Database,
        role: &str,
        migrations: Migrations,
    ) -> Result<(Self, Schema), Error> {
        let (pools, location) = match database {
            Database::Postgres {
                url,
                namespace,
                pool_size,
            } => {
                let schema = schema_name(namespace.as_deref(), role)?;
                let server = Arc::new(Server::new(url, schema)?);
                let pool = pg_pool(url, server.clone(), *pool_size)?;
                let location = Location::Pg(server.clone());
                let group = GroupCommit::new(pool.clone());
                let pools = Pools::Pg {
                    pool,
                    server,
                    group,
                };
                (pools, location)
            }
            Database::Sqlite { dir } => {
                std::fs::create_dir_all(dir)
                    .map_err(|e| Error::Config(format!("cannot create {}: {e}", dir.display())))?;
                let file = dir.join(format!("{role}.db")).display().to_string();
                let spent = Spent::default();
                let pools = Pools::Sqlite {
                    writer: sqlite_pool(&file, 1, Place::Here(spent.clone()))?,
                    readers: sqlite_pool(&file, 2, Place::Aside)?,
                    spent,
                };
                (pools, Location::Sqlite(file, role.to_owned()))
            }
        };
        let (updated, up_to_date) = watch::channel(false);
        let schema = Schema {
            location,
            migrations: Arc::new(migrations),
            updated,
        };
        Ok((Self { pools, up_to_date }, schema))
    }

    /// Waits until the schema is up to date.
    pub async fn ready(&self) {
        // An error means that its `Schema` is gone, and it will never be.
        if self.up_to_date.clone().wait_for(|it| *it).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn pools(&self) -> Result<&Pools, Error> {
        if *self.up_to_date.borrow() {
            Ok(&self.pools)
        } else {
            let why = "its schema is not known to be up to date yet";
            Err(Error::Unavailable(why.to_owned()))
        }
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Tx, Error> {
        // Boxed, as the end of a transaction is: or the futures of two pools and two drivers are part of each role's own, and
        // the compiler goes through them in each of its functions (decision 30).
        let beginning = async {
            match self.pools()? {
                Pools::Pg { pool, server, .. } => {
                    let conn = Conn::Pg(Box::new(checkout(pool).await?));
                    Tx::begin(conn, server.local_settings().as_deref()).await
                }
                Pools::Sqlite { writer, spent, .. } => {
                    let conn = Conn::Sqlite(Box::new(checkout(writer).await?));
                    spent.reset();
                    Tx::begin(conn, None).await
                }
            }
        };
        beginning.boxed().await
    }

    /// Begins a transaction whose statements go over many rows: on SQLite they run on another thread from the first.
    pub async fn begin_long(&self) -> Result<Tx, Error> {
        let tx = self.begin().await?;
        if let Pools::Sqlite { spent, .. } = &self.pools {
            spent.exhaust();
        }
        Ok(tx)
    }

    /// Begins a transaction that takes for granted that what it writes is new ([`Tx::assumes`]), where that lets it share
    /// its commit: on a PostgreSQL server that is not behind a proxy. Elsewhere it assumes nothing.
    pub async fn begin_assuming(&self) -> Result<Tx, Error> {
        match self.pools()? {
            Pools::Pg { pool, server, .. } if server.local_settings().is_none() => {
                let conn = checkout(pool).boxed().await?;
                Ok(Tx::assuming(Conn::Pg(Box::new(conn))))
            }
            _ => self.begin().await,
        }
    }

    /// Commits a transaction that assumes that what it writes is new, with the event that it has handled, and with others that
    /// do as much. `false`: something was there already, be it of another's, and nothing has happened: the same may be done
    /// once more without assuming anything. Any other error of a statement comes to the same, and that second transaction
    /// reports its own.
    pub async fn commit_assumed(&self, mut tx: Tx, entry: Entry) -> Result<bool, Error> {
        match (self.pools()?, tx.take_assumed()) {
            (Pools::Pg { group, .. }, Some(others)) => {
                group.commit(tx, Rows { entry, others }).boxed().await
            }
            // It assumes nothing, and would have entered its event first.
            _ => Err(diesel::result::Error::RollbackTransaction.into()),
        }
    }

    /// A connection for reading. What is written through it is committed at once, behind a proxy when it is dropped; SQLite
    /// refuses it if a writer holds the lock for too long.
    pub async fn read(&self) -> Result<Tx, Error> {
        let reading = async {
            Ok(match self.pools()? {
                Pools::Pg { pool, server, .. } => {
                    let conn = Conn::Pg(Box::new(checkout(pool).await?));
                    match server.local_settings() {
                        // Between two transactions the next statement may be another server's.
                        Some(settings) => Tx::begin_reading(conn, settings).await?,
                        None => Tx::autocommit(conn),
                    }
                }
                Pools::Sqlite { readers, .. } => {
                    Tx::autocommit(Conn::Sqlite(Box::new(checkout(readers).await?)))
                }
            })
        };
        reading.boxed().await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut tx = self.read().await?;
        match tx.connection() {
            Connection::Pg(c) => c.batch_execute("SELECT 1").await?,
            Connection::Sqlite(c) => c.batch_execute("SELECT 1").await?,
        }
        Ok(())
    }

    /// Which engine, for logs and health.
    pub fn engine(&self) -> &'static str {
        match self.pools {
            Pools::Pg { .. } => "postgres",
            Pools::Sqlite { .. } => "sqlite",
        }
    }
}

/// The schema of a [`Store`], to be brought up to date.
pub struct Schema {
    location: Location,
    migrations: Arc<Migrations>,
    updated: watch::Sender<bool>,
}

enum Location {
    /// The server.
    Pg(Arc<Server>),
    /// The file, and the role's name.
    Sqlite(String, String),
}

impl Schema {
    /// Brings it up to date, which makes the store usable. [`Error::Unavailable`]: the server is away, and this may be
    /// tried again. [`Error::Config`]: it answers and refuses.
    pub async fn update(&self) -> Result<(), Error> {
        let migrations = self.migrations.clone();
        match &self.location {
            Location::Pg(server) => {
                server.detect_sharing().await.map_err(unavailable)?;
                let conn = server.connect().await.map_err(unavailable)?;
                migrate::postgres(conn, &server.schema, migrations).await?;
            }
            Location::Sqlite(file, role) => migrate::sqlite(file.clone(), role, migrations).await?,
        }
        self.updated.send_replace(true);
        Ok(())
    }

    /// How it differs from the binary's migrations, without changing it.
    pub async fn state(&self) -> Result<SchemaState, Error> {
        let migrations = self.migrations.clone();
        match &self.location {
            Location::Pg(server) => {
                server.detect_sharing().await.map_err(unavailable)?;
                let conn = server.connect().await.map_err(unavailable)?;
                migrate::postgres_state(conn, &server.schema, migrations).await
            }
            Location::Sqlite(file, role) => {
                migrate::sqlite_state(file.clone(), role, migrations).await
            }
        }
    }
}

/// What a PostgreSQL server, or the proxy before it, says of itself.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// Whether a proxy lends its servers to each transaction (PgBouncer, `pool_mode = transaction`).
    pub is_shared: bool,
    /// Its clock.
    pub now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct ServerTime {
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    now: DateTime<Utc>,
}

impl Database {
    /// Whether a PostgreSQL server answers at a URL, without touching anything there.
    pub async fn ping(url: &str) -> Result<(), Error> {
        let server = Server::new(url, "public".to_owned())?;
        server.detect_sharing().await.map_err(unavailable)?;
        let mut conn = server.connect().await.map_err(unavailable)?;
        Ok(conn.batch_execute("SELECT 1").await?)
    }

    /// What the server at a URL says of itself.
    pub async fn facts(url: &str) -> Result<ServerFacts, Error> {
        let server = Server::new(url, "public".to_owned())?;
        server.detect_sharing().await.map_err(unavailable)?;
        let mut conn = server.connect().await.map_err(unavailable)?;
        let time: ServerTime = diesel_async::RunQueryDsl::get_result(
            diesel::sql_query("SELECT clock_timestamp() AS now"),
            &mut conn,
        )
        .await?;
        Ok(ServerFacts {
            is_shared: server.local_settings().is_some(),
            now: time.now,
        })
    }

    /// Removes the schemas that `roles` have here: for tests, which bring a namespace of their own.
    pub async fn drop_schemas(&self, roles: &[&str]) -> Result<(), Error> {
        if let Self::Postgres {
            url,
            namespace: Some(namespace),
            ..
        } = self
        {
            let server = Server::new(url, "public".to_owned())?;
            server.detect_sharing().await.map_err(unavailable)?;
            let mut conn = server.connect().await.map_err(unavailable)?;
            for role in roles {
                let schema = schema_name(Some(namespace), role)?;
                conn.batch_execute(&format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"))
                    .await?;
            }
        }
        Ok(())
    }
}

fn schema_name(namespace: Option<&str>, role: &str) -> Result<String, Error> {
    let name = namespace.map_or_else(|| role.to_owned(), |ns| format!("{ns}_{role}"));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 63 || !name.chars().all(plain) {
        return Err(Error::Config(format!(
            "{name:?} cannot be a schema name: use a-z, 0-9 and _"
        )));
    }
    Ok(name)
}

fn unavailable(error: ConnectionError) -> Error {
    match error {
        ConnectionError::InvalidConnectionUrl(why) => {
            Error::Config(format!("the server of DATABASE_URL refuses: {why}"))
        }
        other => Error::Unavailable(other.to_string()),
    }
}
