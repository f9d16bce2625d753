//! SQLite with an async interface.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::result::DatabaseErrorKind;
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult, SqliteConnection};
use diesel_async::SimpleAsyncConnection;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

use crate::error::LOCKED;

/// SQLite with an async interface: each statement runs in the [`Place`] of its connection.
pub type Sqlite = SyncConnectionWrapper<SqliteConnection, Place>;

/// A connection from a pool.
pub(crate) type Pooled = Box<Object<Sqlite>>;

/// What the statements of a transaction may take together on the threads that await them.
const SHORT: Duration = Duration::from_millis(5);
/// How long another process may hold the file, and how often it is tried again meanwhile.
const BUSY: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(5);

/// Where the statements of a connection run.
#[derive(Debug, Clone)]
pub enum Place {
    /// On the thread that awaits them. Those of a decision mostly find a row by an index or write one, which takes microseconds,
    /// and less than it takes to wake another thread and be woken by it. The commit, which waits for the disk, is made aside, and a
    /// transaction that turns out to be long goes on there.
    Here(Spent),
    /// On a thread of the blocking pool: a page of a list may have to be read from the disk.
    Aside,
}

/// What the current transaction of a role has taken on the threads that await it. A role has one at a time on SQLite.
#[derive(Debug, Clone, Default)]
pub struct Spent(Arc<AtomicU64>);

impl Spent {
    /// A transaction begins.
    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// A transaction begins that is known to be long.
    pub(crate) fn exhaust(&self) {
        self.add(SHORT);
    }

    fn add(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn is_exhausted(&self) -> bool {
        u128::from(self.0.load(Ordering::Relaxed)) >= SHORT.as_nanos()
    }
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
            Self::Here(spent) if !spent.is_exhausted() => {
                let spent = spent.clone();
                async move {
                    let start = std::time::Instant::now();
                    let done = task();
                    spent.add(start.elapsed());
                    Ok(done)
                }
                .boxed()
            }
            Self::Here(_) | Self::Aside => async move { Ok(Statement::start(task).await?) }.boxed(),
        }
    }

    fn get_runtime() -> Self {
        Self::Aside
    }
}

/// A statement on another thread. When this is dropped it is over: the pool may hand the connection out at once.
struct Statement<R> {
    running: JoinHandle<R>,
    /// Nothing comes: the other end is dropped when the connection is free.
    over: mpsc::Receiver<()>,
}

impl<R: Send + 'static> Statement<R> {
    fn start(task: impl FnOnce() -> R + Send + 'static) -> Self {
        let (end, over) = mpsc::channel::<()>();
        // Of a task that never runs, what it was to do goes first.
        let both = (task, end);
        let running = spawn_blocking(move || {
            let (task, _end) = both;
            task()
        });
        Self { running, over }
    }
}

impl<R> Future for Statement<R> {
    type Output = Result<R, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.running.poll_unpin(context)
    }
}

impl<R> Drop for Statement<R> {
    fn drop(&mut self) {
        if !self.running.is_finished() {
            self.running.abort();
            // An error: it is over.
            let _ = self.over.recv();
        }
    }
}

/// Opens a file. A connection whose statements run where they are awaited does not wait there for another process: that is
/// [`begin`]'s.
pub(crate) async fn open(file: String, place: Place) -> ConnectionResult<Sqlite> {
    let waits_ms = match place {
        Place::Here(_) => 0,
        Place::Aside => BUSY.as_millis(),
    };
    let opened = spawn_blocking(move || establish(&file, waits_ms)).await;
    let conn = opened.map_err(|e| ConnectionError::BadConnection(e.to_string()))??;
    Ok(Sqlite::with_runtime(conn, place))
}

fn establish(file: &str, waits_ms: u128) -> ConnectionResult<SqliteConnection> {
    let mut conn = SqliteConnection::establish(file)?;
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout={}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
         PRAGMA foreign_keys=ON; PRAGMA cache_size=-1024; PRAGMA busy_timeout={waits_ms};",
        BUSY.as_millis()
    ))
    .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// Begins a transaction that writes, and waits for another process that holds the file: a backup, or `trunkline doctor`.
pub(crate) async fn begin(conn: &mut Sqlite) -> QueryResult<()> {
    let patience = Instant::now() + BUSY;
    loop {
        match conn.batch_execute("BEGIN IMMEDIATE").await {
            Err(error) if is_locked(&error) && Instant::now() < patience => sleep(AGAIN).await,
            begun => return begun,
        }
    }
}

fn is_locked(error: &diesel::result::Error) -> bool {
    use diesel::result::Error::DatabaseError;
    matches!(error, DatabaseError(DatabaseErrorKind::Unknown, info) if info.message().starts_with(LOCKED))
}

/// A connection with an open transaction. Dropped, it is closed, which takes the transaction back.
struct Open(Option<Pooled>);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(conn) = self.0.take() {
            drop(Object::take(*conn));
        }
    }
}

/// Commits on a thread of the blocking pool, since it waits for the disk, and gives the connection back. One whose commit fails
/// is closed. What has begun is done, whether this is awaited to its end or not.
pub(crate) async fn commit(conn: Pooled) -> QueryResult<Pooled> {
    let runtime = Handle::current();
    let mut open = Open(Some(conn));
    let committing = spawn_blocking(move || {
        if let Some(conn) = open.0.as_mut() {
            runtime.block_on(conn.batch_execute("COMMIT"))?;
        }
        open.0.take().ok_or(diesel::result::Error::NotInTransaction)
    });
    committing.await.unwrap_or_else(|fault| {
        let why = Box::new(fault.to_string());
        Err(diesel::result::Error::DatabaseError(
            DatabaseErrorKind::UnableToSendCommand,
            why,
        ))
    })
}
