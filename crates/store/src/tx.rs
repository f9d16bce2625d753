//! One transaction, on either engine.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures::FutureExt;
use futures::future::{BoxFuture, join};

use crate::Error;
use crate::pipeline::{Pipeline, Statement};
use crate::sqlite::{self, Sqlite};

/// A transaction; dropped without [`Tx::commit`], nothing of it has happened. From [`crate::Store::read`] it is a connection
/// for queries that only read.
pub struct Tx {
    conn: Option<Conn>,
    state: State,
    /// What is sent with the first query, on PostgreSQL.
    first: First,
    /// What is sent with the commit before all other writes, on PostgreSQL.
    ahead: Option<Write>,
    /// What is sent with the commit, on PostgreSQL.
    last: Vec<Write>,
}

/// What its connection has open.
#[derive(Clone, Copy)]
enum State {
    /// Nothing: each statement is committed by itself, or the transaction has ended.
    Autocommit,
    /// Nothing yet: a transaction that assumes that what it inserts is new begins with its first query. On PostgreSQL.
    Unbegun,
    /// The same transaction, begun.
    Assuming,
    /// A transaction that assumes nothing.
    Open,
    /// A transaction on a PostgreSQL server that is shared, where no statement stays prepared.
    Shared,
    /// The same, and only read: it is there for want of a connection of its own.
    Reading,
}

/// A statement that waits until it is sent.
struct Write {
    send: Box<dyn for<'c> FnOnce(&'c AsyncPgConnection) -> Statement<'c> + Send>,
    /// Whether a connection that has prepared it keeps it.
    lasting: bool,
}

impl Write {
    fn new<Q>(query: Q) -> Self
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        Self {
            lasting: query.is_safe_to_cache_prepared(&Pg).unwrap_or(false),
            send: Box::new(move |c| {
                let mut shared = c;
                query.execute(&mut shared)
            }),
        }
    }
}

/// An insert whose outcome decides whether the transaction goes on.
#[doc(hidden)]
#[derive(Default)]
pub struct First {
    /// Whether there was one at all.
    entered: bool,
    waiting: Option<Write>,
    /// Whether the row is new, as soon as that is known.
    fresh: Option<bool>,
}

impl First {
    /// Runs the first query of a transaction behind what waits for it, pipelined.
    pub async fn before<T>(
        &mut self,
        c: &AsyncPgConnection,
        query: impl Future<Output = QueryResult<T>>,
    ) -> QueryResult<T> {
        let Some(write) = self.waiting.take() else {
            if self.fresh == Some(false) {
                return Err(diesel::result::Error::RollbackTransaction);
            }
            return query.await;
        };
        let mut insert = Pipeline::new([(write.send)(c)]);
        // Two that insert the same row wait for each other here, and nowhere after it.
        let (rows, found) = if insert.send().await && write.lasting {
            let (rows, found) = join(insert.outcome(), query).await;
            (rows?, found)
        } else {
            let rows = insert.outcome().await?;
            self.note(&rows)?;
            (rows, query.await)
        };
        self.note(&rows)?;
        found
    }

    /// An insert that found its row ends the transaction.
    fn note(&mut self, rows: &[usize]) -> QueryResult<()> {
        let fresh = rows == [1];
        self.fresh = Some(fresh);
        if fresh {
            Ok(())
        } else {
            Err(diesel::result::Error::RollbackTransaction)
        }
    }
}

/// A pooled connection of either engine.
pub(crate) enum Conn {
    Pg(Box<Object<AsyncPgConnection>>),
    Sqlite(sqlite::Pooled),
}

/// The connection of a transaction, with what goes before its first query, for [`crate::on!`].
#[doc(hidden)]
pub enum Connection<'a> {
    /// PostgreSQL.
    Pg(&'a AsyncPgConnection, &'a mut First),
    /// SQLite.
    Sqlite(&'a mut Sqlite),
}

/// The connection of a transaction, where nothing goes before its first query.
pub(crate) enum Engine<'a> {
    /// PostgreSQL.
    Pg(&'a mut AsyncPgConnection),
    /// SQLite.
    Sqlite(&'a mut Sqlite),
}

impl Tx {
    /// Begins. SQLite takes the write lock at once: a read that upgrades later would fail when another
    /// connection wrote in between, whatever the busy timeout.
    /// `settings` are what it sets for itself on PostgreSQL, where the connection keeps none.
    pub(crate) async fn begin(conn: Conn, settings: Option<Arc<str>>) -> Result<Self, Error> {
        let state = match settings {
            Some(_) => State::Shared,
            None => State::Open,
        };
        let mut tx = Self::new(conn, state);
        match tx.engine() {
            Engine::Pg(c) => match &settings {
                Some(settings) => send_begin(c, &format!("BEGIN; {settings}"))?,
                None => send_begin(c, "BEGIN")?,
            },
            Engine::Sqlite(c) => sqlite::begin(c).await?,
        }
        Ok(tx)
    }

    /// Begins a transaction that is only read, on a server that is shared. It ends by itself when it is dropped.
    pub(crate) async fn begin_reading(conn: Conn, settings: Arc<str>) -> Result<Self, Error> {
        let mut tx = Self::begin(conn, Some(settings)).await?;
        tx.state = State::Reading;
        Ok(tx)
    }

    /// A transaction that takes for granted that what it inserts is new, on PostgreSQL. It begins with its first query, or
    /// with its commit if it has none.
    pub(crate) fn assuming(conn: Conn) -> Self {
        Self::new(conn, State::Unbegun)
    }

    /// A connection without a transaction, for queries that only read.
    pub(crate) fn autocommit(conn: Conn) -> Self {
        Self::new(conn, State::Autocommit)
    }

    fn new(conn: Conn, state: State) -> Self {
        Self {
            conn: Some(conn),
            state,
            first: First::default(),
            ahead: None,
            last: Vec::new(),
        }
    }

    /// Whether it takes for granted that what it inserts is new: rows that others may have inserted before are written with
    /// [`crate::write_last!`], by an insert that fails if they have, and nothing else is written. Such a transaction ends
    /// with [`Tx::commit_assumed`].
    pub fn assumes(&self) -> bool {
        matches!(self.state, State::Unbegun | State::Assuming)
    }

    /// Commits it. Without a transaction there is nothing to commit.
    pub async fn commit(mut self) -> Result<(), Error> {
        if matches!(self.state, State::Autocommit) {
            return Ok(());
        }
        // What is not known is not new: a query was dropped, or its error passed over.
        if !self.is_fresh().await? || (self.first.entered && self.first.fresh.is_none()) {
            return Err(diesel::result::Error::RollbackTransaction.into());
        }
        Ok(self.write_and_commit().boxed().await?)
    }

    /// Commits it, unless something of what was assumed to be new was there already. `false`: then it is rolled back, and
    /// the same may be done once more without assuming anything. The same comes of any other error of a statement, which
    /// that second transaction reports.
    pub async fn commit_assumed(mut self) -> Result<bool, Error> {
        let Err(error) = self.write_and_commit().boxed().await else {
            return Ok(true);
        };
        let error = Error::from(error);
        if error.is_unavailable() {
            return Err(error);
        }
        self.rollback().await?;
        Ok(false)
    }

    async fn write_and_commit(&mut self) -> QueryResult<()> {
        let (ahead, last) = (self.ahead.take(), std::mem::take(&mut self.last));
        match self.engine() {
            Engine::Pg(c) => write_and_commit(c, ahead, last).await?,
            Engine::Sqlite(_) => self.commit_sqlite().await?,
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
            State::Autocommit | State::Unbegun => {}
            State::Assuming | State::Open | State::Shared | State::Reading => {
                self.first.waiting = None;
                self.ahead = None;
                self.last.clear();
                let sent = match self.engine() {
                    Engine::Pg(c) => c.batch_execute("ROLLBACK").boxed(),
                    Engine::Sqlite(c) => c.batch_execute("ROLLBACK").boxed(),
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
        if let Connection::Pg(c, first) = self.connection() {
            let query = diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind::<diesel::sql_types::Text, _>(name);
            let taking = async {
                let mut shared = c;
                query.execute(&mut shared).await
            };
            first.before(c, taking).await?;
        }
        Ok(())
    }

    /// Whether a write may wait for the commit. SQLite has no round trip to save.
    #[doc(hidden)]
    pub fn can_wait(&self) -> bool {
        match self.state {
            State::Unbegun | State::Assuming | State::Open => {
                matches!(self.conn, Some(Conn::Pg(_)))
            }
            // On a shared server no statement stays prepared: the commit would overtake the writes.
            State::Autocommit | State::Shared | State::Reading => false,
        }
    }

    /// Keeps an insert for the first query, if [`Tx::can_wait`]: that query fails when the row is there already, and so does
    /// everything after it. [`Tx::is_fresh`] says which.
    pub(crate) fn insert_first<Q>(&mut self, insert: Q)
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        self.first.entered = true;
        self.first.waiting = Some(Write::new(insert));
    }

    /// Whether the row of [`Tx::insert_first`] is new. If there was no query yet, the insert goes alone.
    pub(crate) async fn is_fresh(&mut self) -> QueryResult<bool> {
        let Self { conn, first, .. } = self;
        if first.waiting.is_some()
            && let Some(Conn::Pg(c)) = conn.as_mut()
        {
            let alone = first.before(c, std::future::ready(Ok(()))).await;
            if first.fresh.is_none() {
                alone?;
            }
        }
        Ok(self.first.fresh.unwrap_or(true))
    }

    /// Keeps a write for the commit.
    #[doc(hidden)]
    pub fn write_last<Q>(&mut self, query: Q)
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        self.last.push(Write::new(query));
    }

    /// Keeps a write for the commit that goes before all others.
    pub(crate) fn write_ahead<Q>(&mut self, query: Q)
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        self.ahead = Some(Write::new(query));
    }

    /// Begins on the server, if that is still to be done.
    fn begin_now(&mut self) {
        if let (State::Unbegun, Some(Conn::Pg(c))) = (self.state, self.conn.as_mut()) {
            // A connection that cannot send this sends nothing any more: the query that follows fails.
            let _ = send_begin(c, "BEGIN");
            self.state = State::Assuming;
        }
    }

    /// The connection and what goes before the query, for [`crate::on!`].
    #[doc(hidden)]
    #[expect(clippy::unreachable, reason = "the connection leaves only at the end")]
    pub fn connection(&mut self) -> Connection<'_> {
        debug_assert!(
            self.last.is_empty(),
            "a query comes after what `write_last!` has written, and would not see it"
        );
        self.begin_now();
        match self.conn.as_mut() {
            Some(Conn::Pg(c)) => Connection::Pg(c, &mut self.first),
            Some(Conn::Sqlite(c)) => Connection::Sqlite(c),
            None => unreachable!("a transaction is used after its end"),
        }
    }

    /// The connection.
    #[expect(clippy::unreachable, reason = "the connection leaves only at the end")]
    pub(crate) fn engine(&mut self) -> Engine<'_> {
        debug_assert!(
            self.first.waiting.is_none(),
            "a query overtakes what should come first; use `on!`"
        );
        debug_assert!(
            self.last.is_empty(),
            "a query comes after what `write_last!` has written, and would not see it"
        );
        self.begin_now();
        match self.conn.as_mut() {
            Some(Conn::Pg(c)) => Engine::Pg(c),
            Some(Conn::Sqlite(c)) => Engine::Sqlite(c),
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

/// Sends all statements, then waits for all. After one that fails, the rest fail too.
#[doc(hidden)]
pub async fn pipelined(statements: Vec<Statement<'_>>) -> QueryResult<()> {
    Pipeline::new(statements).outcome().await.map(drop)
}

/// Sends the last writes and the commit: pipelined, if the commit cannot overtake any of them.
async fn write_and_commit(
    c: &AsyncPgConnection,
    ahead: Option<Write>,
    last: Vec<Write>,
) -> QueryResult<()> {
    let lasting = last.iter().all(|write| write.lasting);
    let mut writes = Pipeline::new([]);
    if let Some(write) = ahead {
        writes.extend([(write.send)(c)]);
        if !writes.send().await || !write.lasting {
            // It had to be prepared first, and the others may not overtake it.
            writes.outcome().await?;
            writes = Pipeline::new([]);
        }
    }
    writes.extend(last.into_iter().map(|write| (write.send)(c)));
    let mut shared = c;
    if writes.send().await && lasting {
        // A write that fails makes the server take it all back, and the commit says nothing of it.
        let (written, committed) = join(writes.outcome(), shared.batch_execute("COMMIT")).await;
        return written.and(committed);
    }
    writes.outcome().await?;
    shared.batch_execute("COMMIT").await
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
            (State::Autocommit | State::Unbegun, _) => {}
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
