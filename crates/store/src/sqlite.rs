//! SQLite with an async interface.

use std::error::Error;

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult, SqliteConnection};
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// SQLite with an async interface: each statement runs in the [`Place`] of its connection.
pub type Sqlite = SyncConnectionWrapper<SqliteConnection, Place>;

/// A connection from a pool.
pub(crate) type Pooled = Box<Object<Sqlite>>;

/// Where the statements of a connection run.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// On the thread that awaits them. Those of a decision find a row by an index or write one, which takes microseconds,
    /// and less than it takes to wake another thread and be woken by it. What waits for the disk, the commit, is
    /// [`commit`]'s.
    Here,
    /// On a thread of the blocking pool: a page of a list may have to be read from the disk.
    Aside,
}

impl SpawnBlocking for Place {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync>>>
    where
        R: Send + 'static,
    {
        match self {
            Self::Here => async move { Ok(task()) }.boxed(),
            Self::Aside => async move { Ok(spawn_blocking(task).await?) }.boxed(),
        }
    }

    fn get_runtime() -> Self {
        Self::Aside
    }
}

/// Opens a file.
pub(crate) async fn open(file: String, place: Place) -> ConnectionResult<Sqlite> {
    let opened = spawn_blocking(move || establish(&file)).await;
    let conn = opened.map_err(|e| ConnectionError::BadConnection(e.to_string()))??;
    Ok(Sqlite::with_runtime(conn, place))
}

fn establish(file: &str) -> ConnectionResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(file)?;
    conn.batch_execute(
        "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
         PRAGMA foreign_keys=ON; PRAGMA cache_size=-1024;",
    )
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Commits on a thread of the blocking pool, since it waits for the disk, and gives the connection back. One whose commit fails
/// is closed, which takes the transaction back.
pub(crate) async fn commit(mut conn: Pooled) -> QueryResult<Pooled> {
    let runtime = Handle::current();
    let committing = spawn_blocking(move || {
        // Here and not around it: who has awaited this may be gone, and the pool must not get what is still open.
        match runtime.block_on(conn.batch_execute("COMMIT")) {
            Ok(()) => Ok(conn),
            Err(error) => {
                drop(Object::take(*conn));
                Err(error)
            }
        }
    });
    committing
        .await
        .unwrap_or_else(|panic| Err(diesel::result::Error::QueryBuilderError(Box::new(panic))))
}
