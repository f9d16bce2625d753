//! Pools of connections.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use futures::FutureExt;

use crate::Error;
use crate::server::Server;
use crate::sqlite::{self, Place, Sqlite};

/// How long a caller waits for a free connection before the database counts as away.
const CHECKOUT: Duration = Duration::from_secs(5);

/// A free connection.
pub(crate) async fn checkout<C>(pool: &Pool<C>) -> Result<Object<C>, Error>
where
    C: diesel_async::pooled_connection::PoolableConnection + 'static,
    AsyncDieselConnectionManager<C>:
        deadpool::managed::Manager<Type = C, Error = diesel_async::pooled_connection::PoolError>,
{
    pool.get()
        .await
        .map_err(|e| Error::Unavailable(e.to_string()))
}

/// Connections to a PostgreSQL server.
pub(crate) fn pg_pool(
    url: &str,
    server: Arc<Server>,
    size: usize,
) -> Result<Pool<AsyncPgConnection>, Error> {
    let mut manager = ManagerConfig::default();
    // A ping at each checkout would be a round trip before every transaction.
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_| {
        let server = server.clone();
        async move { server.connect().await }.boxed()
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

/// Connections to an SQLite file.
pub(crate) fn sqlite_pool(file: &str, size: usize, place: Place) -> Result<Pool<Sqlite>, Error> {
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup =
        Box::new(move |file| sqlite::open(file.to_owned(), place.clone()).boxed());
    let manager = AsyncDieselConnectionManager::<Sqlite>::new_with_config(file, manager);
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(CHECKOUT))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|e| Error::Config(e.to_string()))
}
