//! Group commit: transactions that assume that what they write is new, and so wait for nothing before their end, are written
//! in one. Who comes while little is under way is committed at once and alone; who comes while it is, gathers.
//!
//! A transaction, its commit and the disk cost as much for a group as for one of its members. If anything of a group was there
//! already, nothing of it has happened, and each of its members is told so.

use std::collections::VecDeque;
use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool;
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::debug;

use crate::Error;
use crate::assumed::Assumed;
use crate::inbox::Entry;
use crate::pipeline::{Statement, pipelined};
use crate::pool::checkout;
use crate::schema::inbox;
use crate::tx::{Conn, Connection, Tx};

/// So many groups are under way at once. With one, a transaction would wait for nearly two commits; with many, nobody would
/// gather.
const CONCURRENCY: usize = 2;
/// The most members of a group.
const MEMBERS: usize = 64;
/// A group waits for no lock longer than this, in milliseconds: another transaction has to do with one of its rows, and then
/// each member is better off alone.
const SETTINGS: &str = "SET LOCAL lock_timeout TO 500";

/// The rows of one transaction.
pub(crate) struct Rows {
    pub(crate) entry: Entry,
    pub(crate) others: Assumed,
}

/// One that waits for its group.
struct Member {
    rows: Rows,
    told: oneshot::Sender<Result<bool, Error>>,
}

/// Gathers the groups of one store. Clones share it.
#[derive(Clone)]
pub(crate) struct GroupCommit {
    pool: Pool<AsyncPgConnection>,
    gathering: Arc<Mutex<Gathering>>,
}

#[derive(Default)]
struct Gathering {
    /// Who waits until one of those under way is done, in order.
    waiting: VecDeque<Member>,
    /// How many are under way.
    under_way: usize,
}

/// How a transaction is committed.
enum Entered {
    /// At once and alone. The next group begins when this is dropped.
    Alone(Permit, Rows),
    /// With others, who gather. Closed without an answer: it is not known whether it has happened.
    Waiting(oneshot::Receiver<Result<bool, Error>>),
}

impl GroupCommit {
    pub(crate) fn new(pool: Pool<AsyncPgConnection>) -> Self {
        Self {
            pool,
            gathering: Arc::default(),
        }
    }

    /// Commits a transaction, alone or with others: [`crate::Store::commit_assumed`].
    pub(crate) async fn commit(&self, tx: Tx, rows: Rows) -> Result<bool, Error> {
        match self.enter(rows) {
            Entered::Alone(_permit, rows) => write(tx, vec![rows]).await,
            Entered::Waiting(outcome) => {
                tx.rollback().await?;
                // What is never told may have happened: whoever does it once more will see.
                outcome.await.unwrap_or(Ok(false))
            }
        }
    }

    /// Begins a group, or joins the one that gathers.
    fn enter(&self, rows: Rows) -> Entered {
        let mut gathering = self.gathering.lock();
        if gathering.under_way < CONCURRENCY {
            gathering.under_way += 1;
            let permit = Permit {
                group: self.clone(),
                is_begun: true,
            };
            return Entered::Alone(permit, rows);
        }
        let (told, outcome) = oneshot::channel();
        gathering.waiting.push_back(Member { rows, told });
        Entered::Waiting(outcome)
    }

    /// Those who have gathered.
    fn gathered(&self) -> Vec<Member> {
        let waiting = &mut self.gathering.lock().waiting;
        let most = waiting.len().min(MEMBERS);
        waiting.drain(..most).collect()
    }
}

/// One group that is under way. When it is dropped, the next begins.
struct Permit {
    group: GroupCommit,
    /// Whether its task has begun. On a runtime that ends, none does.
    is_begun: bool,
}

impl Permit {
    /// Commits what has gathered, group by group.
    async fn go_on(mut self) {
        self.is_begun = true;
        loop {
            let group = self.group.gathered();
            if group.is_empty() {
                return;
            }
            commit(&self.group.pool, group).await;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut gathering = self.group.gathering.lock();
        if !self.is_begun {
            // Who is told nothing acknowledges nothing.
            gathering.waiting.clear();
        }
        if gathering.waiting.is_empty() {
            gathering.under_way -= 1;
            return;
        }
        drop(gathering);
        let next = Self {
            group: self.group.clone(),
            is_begun: false,
        };
        // A task of its own: who has committed alone has an answer to give.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(next.go_on());
        }
    }
}

/// Commits a group, and tells its members.
async fn commit(pool: &Pool<AsyncPgConnection>, group: Vec<Member>) {
    let (rows, told): (Vec<_>, Vec<_>) = group.into_iter().map(|it| (it.rows, it.told)).unzip();
    let committing = async {
        let conn = Conn::Pg(Box::new(checkout(pool).await?));
        write(Tx::autocommit(conn), rows).await
    };
    let outcome = committing.boxed().await;
    for told in told {
        let outcome = match &outcome {
            Ok(held) => Ok(*held),
            Err(away) => Err(Error::Unavailable(away.to_string())),
        };
        // Nobody is left to tell where a handler was cut short.
        let _ = told.send(outcome);
    }
}

/// Writes and commits a group. `false`: something of it was there already, and nothing has happened. An error: the database
/// is away, and it is not known whether anything has.
async fn write(mut tx: Tx, rows: Vec<Rows>) -> Result<bool, Error> {
    let members = rows.len();
    tx.begin_anew(SETTINGS)?;
    let written = match tx.connection() {
        Connection::Pg(c) => pipelined(statements(c, rows)).await,
        Connection::Sqlite(_) => Ok(()),
    };
    let outcome = match written.map_err(Error::from) {
        Ok(()) => tx.commit().await,
        Err(error) if error.is_unavailable() => Err(error),
        Err(error) => tx.rollback().await.and(Err(error)),
    };
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.is_unavailable() => Err(error),
        Err(error) => {
            debug!(members, %error, "what a group assumed to be new is not");
            Ok(false)
        }
    }
}

/// The events first, in one order for all: two groups that handle the same events wait for each other there, and not crosswise.
fn statements(c: &AsyncPgConnection, mut rows: Vec<Rows>) -> Vec<Statement<'_>> {
    rows.sort_by(|one, other| one.entry.event_id.cmp(&other.entry.event_id));
    let mut entries = Assumed::default();
    let mut others = Vec::with_capacity(rows.len());
    for row in rows {
        entries.write(diesel::insert_into(inbox::table).values(row.entry));
        others.push(row.others);
    }
    let others = others.into_iter().flat_map(|it| it.statements(c));
    entries.statements(c).chain(others).collect()
}
