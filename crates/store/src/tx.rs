//! One transaction, on either engine.

use diesel::{QueryResult, SqliteConnection};
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Error;

/// SQLite behind an async face: each call runs on a blocking thread.
pub type Lite = SyncConnectionWrapper<SqliteConnection>;

/// An open transaction. Dropped without [`Tx::commit`], nothing of it has happened.
pub struct Tx {
    conn: Option<Conn>,
    open: bool,
    /// What is sent with the commit, on PostgreSQL.
    last: Vec<Write>,
}

/// A statement that waits until it is sent.
pub(crate) type Write =
    Box<dyn for<'c> FnOnce(&'c AsyncPgConnection) -> BoxFuture<'c, QueryResult<usize>> + Send>;

/// A pooled connection of either engine.
pub(crate) enum Conn {
    Pg(Box<Object<AsyncPgConnection>>),
    Lite(Box<Object<Lite>>),
}

/// What [`crate::on!`] looks into.
#[doc(hidden)]
pub enum Engine<'a> {
    /// PostgreSQL.
    Pg(&'a mut AsyncPgConnection),
    /// SQLite.
    Lite(&'a mut Lite),
}

impl Tx {
    /// Begins. SQLite takes the write lock at once: a read that upgrades later would fail when another
    /// connection wrote in between, whatever the busy timeout.
    pub(crate) async fn begin(conn: Conn) -> Result<Self, Error> {
        let mut tx = Self {
            conn: Some(conn),
            open: true,
            last: Vec::new(),
        };
        match tx.engine() {
            // It is sent, and not waited for: the first statement follows at once, and an answer to it is an answer to
            // this. What could be wrong here, that the server has gone, is wrong there too.
            Engine::Pg(c) => c
                .batch_execute("BEGIN")
                .now_or_never()
                .transpose()?
                .unwrap_or(()),
            Engine::Lite(c) => c.batch_execute("BEGIN IMMEDIATE").await?,
        }
        Ok(tx)
    }

    /// A connection without a transaction, for queries that only read.
    pub(crate) fn autocommit(conn: Conn) -> Self {
        Self {
            conn: Some(conn),
            open: false,
            last: Vec::new(),
        }
    }

    /// Makes it all happen.
    pub async fn commit(mut self) -> Result<(), Error> {
        if self.open {
            let last = std::mem::take(&mut self.last);
            match self.engine() {
                Engine::Pg(c) => {
                    let connection = &*c;
                    in_one_breath(last.into_iter().map(|write| write(connection)).collect())
                        .await?;
                    c.batch_execute("COMMIT").await?;
                }
                Engine::Lite(c) => c.batch_execute("COMMIT").await?,
            }
            self.open = false;
        }
        Ok(())
    }

    /// Takes it all back and keeps the connection for the next.
    pub async fn rollback(mut self) -> Result<(), Error> {
        if self.open {
            self.last.clear();
            match self.engine() {
                Engine::Pg(c) => c.batch_execute("ROLLBACK").await?,
                Engine::Lite(c) => c.batch_execute("ROLLBACK").await?,
            }
            self.open = false;
        }
        Ok(())
    }

    /// Whether a write may wait for the commit. SQLite has no way to the server to spare.
    #[doc(hidden)]
    pub fn can_wait(&self) -> bool {
        self.open && matches!(self.conn, Some(Conn::Pg(_)))
    }

    /// Keeps a write for the commit.
    #[doc(hidden)]
    pub fn write_last<W>(&mut self, write: W)
    where
        W: for<'c> FnOnce(&'c AsyncPgConnection) -> BoxFuture<'c, QueryResult<usize>>
            + Send
            + 'static,
    {
        self.last.push(Box::new(write));
    }

    /// The connection, for [`crate::on!`].
    #[doc(hidden)]
    #[expect(clippy::unreachable, reason = "the connection leaves only in drop")]
    pub fn engine(&mut self) -> Engine<'_> {
        debug_assert!(
            self.last.is_empty(),
            "a query comes after what `write_last!` has written, and would not see it"
        );
        match self.conn.as_mut() {
            Some(Conn::Pg(c)) => Engine::Pg(c),
            Some(Conn::Lite(c)) => Engine::Lite(c),
            None => unreachable!("a transaction is used after its end"),
        }
    }
}

/// Sends all statements, then waits for all. After one that fails, the rest fail too.
#[doc(hidden)]
pub async fn in_one_breath(
    statements: Vec<impl Future<Output = QueryResult<usize>>>,
) -> QueryResult<()> {
    let outcomes = futures::future::join_all(statements).await;
    // The first error says what was wrong, the others that the transaction is over.
    outcomes
        .into_iter()
        .try_for_each(|outcome| outcome.map(drop))
}

impl Drop for Tx {
    /// A transaction cut short (an error, a cancelled future) takes its connection with it: closing it
    /// rolls back, while giving it back to the pool would hand the open transaction to the next user.
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        match self.conn.take() {
            Some(Conn::Pg(c)) => drop(Object::take(*c)),
            Some(Conn::Lite(c)) => drop(Object::take(*c)),
            None => {}
        }
    }
}
