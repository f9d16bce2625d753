//! A PostgreSQL server, or a proxy in front of it that shares its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::CacheSize;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::config::SslMode;
use tracing::info;

use crate::Error;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one statement may take, be it for a lock. Migrations have all the time they need.
const STATEMENT: Duration = Duration::from_secs(30);

/// A server, and how it is talked to.
pub(crate) struct Server {
    pub(crate) schema: String,
    /// With the settings of a session, for a connection that is ours alone.
    config: tokio_postgres::Config,
    /// Without, for a proxy that lends a server to each transaction (PgBouncer in transaction mode).
    plain: tokio_postgres::Config,
    /// What each transaction sets for itself there.
    settings: Arc<str>,
    /// Whether it is such a proxy, as [`Server::detect_sharing`] found.
    is_shared: AtomicBool,
}

impl Server {
    pub(crate) fn new(url: &str, schema: String) -> Result<Self, Error> {
        let plain = config(url)?;
        let mut config = plain.clone();
        let timeout_ms = STATEMENT.as_millis();
        config.options(format!(
            "-c search_path={schema} -c timezone=UTC -c statement_timeout={timeout_ms}"
        ));
        let settings = format!(
            "SET LOCAL search_path TO \"{schema}\"; SET LOCAL timezone TO 'UTC'; \
             SET LOCAL statement_timeout TO {timeout_ms}"
        );
        Ok(Self {
            schema,
            config,
            plain,
            settings: settings.into(),
            is_shared: AtomicBool::new(false),
        })
    }

    /// What each transaction sets for itself, behind a proxy that shares servers; none elsewhere.
    pub(crate) fn local_settings(&self) -> Option<Arc<str>> {
        self.is_shared
            .load(Ordering::Acquire)
            .then(|| self.settings.clone())
    }

    /// Finds out whether the settings of a session are kept: a proxy that shares servers refuses them, or drops them.
    pub(crate) async fn detect_sharing(&self) -> ConnectionResult<()> {
        let is_shared = match search_path(&self.config).await {
            Ok(path) => path.trim_matches('"') != self.schema,
            Err(ConnectionError::InvalidConnectionUrl(why))
                if why.contains("unsupported startup parameter") =>
            {
                true
            }
            Err(error) => return Err(error),
        };
        if is_shared && !self.is_shared.swap(true, Ordering::AcqRel) {
            info!(
                schema = self.schema,
                "the database is behind a proxy that shares connections: each transaction sets its own search_path"
            );
        }
        Ok(())
    }

    pub(crate) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        if self.is_shared.load(Ordering::Acquire) {
            connect_shared(&self.plain).await
        } else {
            connect(&self.config).await
        }
    }
}

/// A connection to a proxy that shares servers. What Diesel sets at its beginning is sent in a transaction, so that it
/// goes to one server, and is taken back, so that it stays on none.
async fn connect_shared(config: &tokio_postgres::Config) -> ConnectionResult<AsyncPgConnection> {
    let client = open(config).await?;
    let begun = client.batch_execute("BEGIN").await;
    begun.map_err(|e| refused(&e))?;
    let mut conn = AsyncPgConnection::try_from(client).await?;
    // A statement's name would be met by the next client on the same server.
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    let ended = conn.batch_execute("ROLLBACK").await;
    ended.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// A client whose connection runs by itself, until the client is dropped.
async fn open(config: &tokio_postgres::Config) -> ConnectionResult<tokio_postgres::Client> {
    if config.get_ssl_mode() == SslMode::Require {
        let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls_config()?);
        let (client, connection) = config.connect(tls).await.map_err(|e| refused(&e))?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let connecting = config.connect(tokio_postgres::NoTls);
    let (client, connection) = connecting.await.map_err(|e| refused(&e))?;
    tokio::spawn(connection);
    Ok(client)
}

/// The search path that a connection ends up with.
async fn search_path(config: &tokio_postgres::Config) -> ConnectionResult<String> {
    let client = open(config).await?;
    let rows = client.simple_query("SHOW search_path").await;
    let rows = rows.map_err(|e| refused(&e))?;
    let path = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(path.unwrap_or_default().to_owned())
}

fn config(url: &str) -> Result<tokio_postgres::Config, Error> {
    // The parser's error may repeat the URL, which holds the password.
    let mut config: tokio_postgres::Config = url.parse().map_err(|_| {
        Error::Config(
            "DATABASE_URL is not a PostgreSQL URL; write postgres://user:password@host:5432/database"
                .to_owned(),
        )
    })?;
    // A server that goes silent (a fail-over, a lost network) is noticed within half a minute, be the
    // connection idle or waiting: the kernel alone would take a quarter of an hour.
    config.keepalives(true);
    config.keepalives_idle(Duration::from_secs(15));
    config.keepalives_interval(Duration::from_secs(5));
    config.keepalives_retries(3);
    config.tcp_user_timeout(Duration::from_secs(20));
    config.application_name("trunkline");
    config.connect_timeout(CONNECT);
    Ok(config)
}

async fn connect(config: &tokio_postgres::Config) -> ConnectionResult<AsyncPgConnection> {
    let bad = |e: tokio_postgres::Error| refused(&e);
    if config.get_ssl_mode() == SslMode::Require {
        let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls_config()?);
        let (client, connection) = config.connect(tls).await.map_err(bad)?;
        return AsyncPgConnection::try_from_client_and_connection(client, connection).await;
    }
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.map_err(bad)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

fn refused(error: &tokio_postgres::Error) -> ConnectionError {
    let why = describe(error);
    if is_refusal(error) {
        ConnectionError::InvalidConnectionUrl(why)
    } else {
        ConnectionError::BadConnection(why)
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error
        .source()
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Whether the server answers and refuses: a wrong password, no such database. One that is starting,
/// stopping or full (classes 57 and 53 of SQLSTATE) may do so soon.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let soon = |code: &str| code.starts_with("57") || code.starts_with("53");
    error.code().is_some_and(|state| !soon(state.code()))
}

fn tls_config() -> ConnectionResult<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| ConnectionError::BadConnection(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fail-over that closes no connection is noticed within half a minute, be the connection idle or waiting.
    #[test]
    fn connection_to_a_silent_server_ends_within_half_a_minute() {
        let config = config("postgres://trunkline:hush@db.example/trunkline").unwrap();
        assert!(config.get_keepalives());
        let retries = config.get_keepalives_retries().unwrap();
        let interval = config.get_keepalives_interval().unwrap();
        let idle = config.get_keepalives_idle() + interval * retries;
        let waiting = *config.get_tcp_user_timeout().unwrap();
        assert!(idle <= Duration::from_secs(30), "{idle:?}");
        assert!(waiting <= Duration::from_secs(30), "{waiting:?}");
    }
}
