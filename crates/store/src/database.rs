//! Which database, and the pools on it.

use std::path::PathBuf;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures::FutureExt;
use tokio_postgres::config::SslMode;

use crate::tx::{Conn, Lite, Tx};
use crate::{Error, Migrations, migrate, on};

/// How long a caller waits for a free connection before the database counts as away.
const CHECKOUT: Duration = Duration::from_secs(5);

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
pub struct Store(Pools);

#[derive(Clone)]
enum Pools {
    Pg(Pool<AsyncPgConnection>),
    // One writer: SQLite has one anyway, and a queue in front of it is fairer and faster than busy-waiting.
    Lite {
        writer: Pool<Lite>,
        readers: Pool<Lite>,
    },
}

impl Store {
    /// Opens the role's database and brings its schema up to date.
    pub async fn open(
        database: &Database,
        role: &str,
        migrations: Migrations,
    ) -> Result<Self, Error> {
        match database {
            Database::Postgres {
                url,
                namespace,
                pool_size,
            } => {
                let schema = schema_name(namespace.as_deref(), role)?;
                let conn = connect(&with_search_path(url, &schema)?)
                    .await
                    .map_err(unavailable)?;
                migrate::postgres(conn, &schema, migrations).await?;
                Ok(Self(Pools::Pg(pg_pool(url, &schema, *pool_size)?)))
            }
            Database::Sqlite { dir } => {
                std::fs::create_dir_all(dir)
                    .map_err(|e| Error::Config(format!("cannot create {}: {e}", dir.display())))?;
                let file = dir.join(format!("{role}.db")).display().to_string();
                migrate::sqlite(file.clone(), role, migrations).await?;
                Ok(Self(Pools::Lite {
                    writer: lite_pool(&file, 1)?,
                    readers: lite_pool(&file, 2)?,
                }))
            }
        }
    }

    /// Begins a transaction.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Tx::begin(match &self.0 {
            Pools::Pg(pool) => Conn::Pg(Box::new(checkout(pool).await?)),
            Pools::Lite { writer, .. } => Conn::Lite(Box::new(checkout(writer).await?)),
        })
        .await
    }

    /// A connection for reading; what is written through it is committed at once (or refused by SQLite,
    /// when a writer holds the lock).
    pub async fn read(&self) -> Result<Tx, Error> {
        Ok(Tx::autocommit(match &self.0 {
            Pools::Pg(pool) => Conn::Pg(Box::new(checkout(pool).await?)),
            Pools::Lite { readers, .. } => Conn::Lite(Box::new(checkout(readers).await?)),
        }))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut tx = self.read().await?;
        on!(tx, c => c.batch_execute("SELECT 1").await)?;
        Ok(())
    }

    /// Which engine, for logs and health.
    pub fn engine(&self) -> &'static str {
        match self.0 {
            Pools::Pg(_) => "postgres",
            Pools::Lite { .. } => "sqlite",
        }
    }
}

impl Database {
    /// Whether a PostgreSQL server answers at a URL, without touching anything there.
    pub async fn ping(url: &str) -> Result<(), Error> {
        let mut conn = connect(&with_search_path(url, "public")?)
            .await
            .map_err(unavailable)?;
        Ok(conn.batch_execute("SELECT 1").await?)
    }

    /// Removes the schemas that `roles` have here: for tests, which bring a namespace of their own.
    pub async fn drop_schemas(&self, roles: &[&str]) -> Result<(), Error> {
        if let Self::Postgres {
            url,
            namespace: Some(namespace),
            ..
        } = self
        {
            let mut conn = connect(&with_search_path(url, "public")?)
                .await
                .map_err(unavailable)?;
            for role in roles {
                let schema = schema_name(Some(namespace), role)?;
                conn.batch_execute(&format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"))
                    .await?;
            }
        }
        Ok(())
    }
}

async fn checkout<C>(pool: &Pool<C>) -> Result<Object<C>, Error>
where
    C: diesel_async::pooled_connection::PoolableConnection + 'static,
    AsyncDieselConnectionManager<C>:
        deadpool::managed::Manager<Type = C, Error = diesel_async::pooled_connection::PoolError>,
{
    pool.get()
        .await
        .map_err(|e| Error::Unavailable(e.to_string()))
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

fn with_search_path(url: &str, schema: &str) -> Result<tokio_postgres::Config, Error> {
    // The parser's error may repeat the URL, which holds the password.
    let mut config: tokio_postgres::Config = url.parse().map_err(|_| {
        Error::Config(
            "DATABASE_URL is not a PostgreSQL URL; write postgres://user:password@host:5432/database"
                .to_owned(),
        )
    })?;
    config.options(format!("-c search_path={schema} -c timezone=UTC"));
    config.application_name("trunkline");
    config.connect_timeout(CHECKOUT);
    Ok(config)
}

async fn connect(config: &tokio_postgres::Config) -> ConnectionResult<AsyncPgConnection> {
    let bad = |e: tokio_postgres::Error| ConnectionError::BadConnection(describe(&e));
    if config.get_ssl_mode() == SslMode::Require {
        let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls_config()?);
        let (client, connection) = config.connect(tls).await.map_err(bad)?;
        return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
    }
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(bad)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn tls_config() -> ConnectionResult<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ConnectionError::BadConnection(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn pg_pool(url: &str, schema: &str, size: usize) -> Result<Pool<AsyncPgConnection>, Error> {
    let config = with_search_path(url, schema)?;
    let mut manager = ManagerConfig::default();
    // A ping at each checkout would be a round trip before every transaction.
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let config = config.clone();
        async move { connect(&config).await }.boxed()
    });
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, manager);
    Pool::builder(manager)
        .max_size(size.max(1))
        .wait_timeout(Some(CHECKOUT))
        .create_timeout(Some(CHECKOUT))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|e| Error::Config(e.to_string()))
}

fn lite_pool(file: &str, size: usize) -> Result<Pool<Lite>, Error> {
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(|file| {
        async move {
            let mut conn = Lite::establish(file).await?;
            conn.batch_execute(
                "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
                 PRAGMA foreign_keys=ON; PRAGMA cache_size=-1024;",
            )
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(conn)
        }
        .boxed()
    });
    let manager = AsyncDieselConnectionManager::<Lite>::new_with_config(file, manager);
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(CHECKOUT))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|e| Error::Config(e.to_string()))
}

fn unavailable(error: ConnectionError) -> Error {
    Error::Unavailable(error.to_string())
}
