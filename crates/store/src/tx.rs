//! One transaction, on either engine.

use std::sync::Arc;

use diesel::QueryResult;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Error;
use crate::assumed::Assumed;
use crate::sqlite::{self, Sqlite};

/// A transaction; dropped without [`Tx::commit`], nothing of it has happened. From [`crate::Store::read`] it is a connection
/// for queries that only read.
pub struct Tx {
    conn: Option<Conn>,
    state: State,
    /// What it assumes to be new; `None`: it assumes nothing.
    assumed: Option<Assumed>,
}

/// What its connection has open.
#[derive(Clone, Copy)]
enum State {
    /// Nothing: each statement is committed by itself, or the transaction has ended.
    Autocommit,
    /// Nothing yet: what only reads begins with its first query. On PostgreSQL.
    Unread,
    /// A transaction.
    Open,
    /// A transaction that is only read, which may end after it is dropped. On PostgreSQL.
    Reading,
}

/// A pooled connection of either engine.
pub(crate) enum Conn {
    Pg(Box<Object<AsyncPgConnection>>),
    Sqlite(sqlite::Pooled),
}

/// The connection of a transaction, for [`crate::on!`].
#[doc(hidden)]
pub enum Connection<'a> {
    /// PostgreSQL.
    Pg(&'a mut AsyncPgConnection),
    /// SQLite.
    Sqlite(&'a mut Sqlite),
}

impl Tx {
    /// Begins. SQLite takes the write lock at once: a read that upgrades later would fail when another
    /// connection wrote in between, whatever the busy timeout.
    /// `settings` are what it sets for itself on PostgreSQL.
    pub(crate) async fn begin(conn: Conn, settings: Option<&str>) -> Result<Self, Error> {
        let mut tx = Self::new(conn, State::Open);
        match tx.connection() {
            Connection::Pg(c) => match settings {
                Some(settings) => send_begin(c, &format!("BEGIN; {settings}"))?,
                None => send_begin(c, "BEGIN")?,
            },
            Connection::Sqlite(c) => sqlite::begin(c).await?,
        }
        Ok(tx)
    }

    /// Begins a transaction that is only read, on a server that is shared. It ends by itself when it is dropped.
    pub(crate) async fn begin_reading(conn: Conn, settings: Arc<str>) -> Result<Self, Error> {
        let mut tx = Self::begin(conn, Some(&settings)).await?;
        tx.state = State::Reading;
        Ok(tx)
    }

    /// A transaction that takes for granted that what it writes is new, on PostgreSQL. Its connection only reads.
    pub(crate) fn assuming(conn: Conn) -> Self {
        let mut tx = Self::new(conn, State::Unread);
        tx.assumed = Some(Assumed::default());
        tx
    }

    /// A connection without a transaction, for queries that only read.
    pub(crate) fn autocommit(conn: Conn) -> Self {
        Self::new(conn, State::Autocommit)
    }

    fn new(conn: Conn, state: State) -> Self {
        Self {
            conn: Some(conn),
            state,
            assumed: None,
        }
    }

    /// Whether it takes for granted that what it writes is new: its rows are inserted with [`crate::write_last!`], by
    /// statements that fail if there is such a row, and its queries only read. It ends with [`crate::Store::commit_assumed`].
    pub fn assumes(&self) -> bool {
        self.assumed.is_some()
    }

    /// Commits it. Without a transaction there is nothing to commit.
    pub async fn commit(mut self) -> Result<(), Error> {
        // What assumes something would lose it here.
        if self.assumes() {
            return Err(diesel::result::Error::RollbackTransaction.into());
        }
        Ok(self.end().boxed().await?)
    }

    /// What it assumes to be new, for whoever commits it.
    pub(crate) fn take_assumed(&mut self) -> Option<Assumed> {
        self.assumed.take()
    }

    /// Ends what only reads, and begins a transaction in its place, on PostgreSQL.
    pub(crate) fn begin_anew(&mut self, settings: &str) -> QueryResult<()> {
        let ended = match self.state {
            State::Autocommit | State::Unread => "",
            State::Open | State::Reading => "ROLLBACK; ",
        };
        self.state = State::Open;
        match self.connection() {
            Connection::Pg(c) => send_begin(c, &format!("{ended}BEGIN; {settings}")),
            Connection::Sqlite(_) => Ok(()),
        }
    }

    async fn end(&mut self) -> QueryResult<()> {
        match (self.state, self.connection()) {
            (State::Autocommit, _) => {}
            (_, Connection::Pg(c)) => c.batch_execute("COMMIT").await?,
            (_, Connection::Sqlite(_)) => self.commit_sqlite().await?,
        }
        self.state = State::Autocommit;
        Ok(())
    }

    /// Lends the connection to the commit, which gives it back if it succeeds.
    async fn commit_sqlite(&mut self) -> QueryResult<()> {
        if let Some(Conn::Sqlite(c)) = self.conn.take() {
            // What is not given back is closed, and its transaction over.
            self.state = State::Autocommit;
            self.conn = Some(Conn::Sqlite(sqlite::commit(c).await?));
        }
        Ok(())
    }

    /// Rolls it back and keeps the connection for the next.
    pub async fn rollback(mut self) -> Result<(), Error> {
        match self.state {
            State::Autocommit | State::Unread => {}
            State::Open | State::Reading => {
                let sent = match self.connection() {
                    Connection::Pg(c) => c.batch_execute("ROLLBACK").boxed(),
                    Connection::Sqlite(c) => c.batch_execute("ROLLBACK").boxed(),
                };
                sent.await?;
                self.state = State::Autocommit;
            }
        }
        Ok(())
    }

    /// Locks a name until the transaction ends; another that locks it waits for that. It orders what two transactions do
    /// about something that has no row to lock. On SQLite a transaction that may write is alone anyway.
    pub async fn lock(&mut self, name: &str) -> Result<(), Error> {
        if let Connection::Pg(c) = self.connection() {
            diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind::<diesel::sql_types::Text, _>(name)
                .execute(c)
                .boxed()
                .await?;
        }
        Ok(())
    }

    /// What it assumes to be new, to be added to; `None`: it assumes nothing.
    #[doc(hidden)]
    pub fn assumed(&mut self) -> Option<&mut Assumed> {
        self.assumed.as_mut()
    }

    /// The connection, for [`crate::on!`].
    #[doc(hidden)]
    #[expect(clippy::unreachable, reason = "the connection leaves only at the end")]
    pub fn connection(&mut self) -> Connection<'_> {
        debug_assert!(
            self.assumed.as_ref().is_none_or(Assumed::is_empty),
            "a query comes after what `write_last!` keeps, and would not see it"
        );
        match self.conn.as_mut() {
            Some(Conn::Pg(c)) => {
                if matches!(self.state, State::Unread) {
                    // A connection that cannot send this sends nothing any more: the query that follows fails.
                    let _ = send_begin(c, "BEGIN READ ONLY");
                    self.state = State::Reading;
                }
                Connection::Pg(c)
            }
            Some(Conn::Sqlite(c)) => Connection::Sqlite(c),
            None => unreachable!("a transaction is used after its end"),
        }
    }
}

/// Begins a transaction. It is sent, and not waited for: the first statement follows at once, and an answer to it is an
/// answer to this. What could be wrong here, that the server has gone, is wrong there too.
fn send_begin(c: &mut AsyncPgConnection, begin: &str) -> QueryResult<()> {
    c.batch_execute(begin)
        .now_or_never()
        .transpose()
        .map(Option::unwrap_or_default)
}

/// A query without its type.
#[doc(hidden)]
pub fn boxed<'a, T>(query: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    query.boxed()
}

impl Drop for Tx {
    /// A transaction cut short (an error, a cancelled future) takes its connection with it: closing it
    /// rolls back, while giving it back to the pool would hand the open transaction to the next user.
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else {
            return;
        };
        match (self.state, conn) {
            // Nothing is open: the connection goes back to the pool.
            (State::Autocommit | State::Unread, _) => {}
            // Nothing waits for its end; the connection goes back to the pool after it.
            (State::Reading, Conn::Pg(mut c)) => {
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        if c.batch_execute("COMMIT").await.is_err() {
                            drop(Object::take(*c));
                        }
                    });
                }
            }
            (_, Conn::Pg(c)) => drop(Object::take(*c)),
            (_, Conn::Sqlite(c)) => drop(Object::take(*c)),
        }
    }
}
