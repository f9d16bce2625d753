//! Statements that PostgreSQL is sent before the first of them is answered.
//!
//! A statement leaves when its future is first polled, if the connection has prepared it before; else only the request
//! to prepare it does, and what was meant to come after it overtakes it. Among the writes of a transaction that is all
//! the same. A `COMMIT` must come last, so it follows at once only if all before it are known to be on their way. (Types of
//! the database's own would be looked up first, too, and unnoticed; no table of ours has one.)

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use diesel::QueryResult;
use diesel::connection::InstrumentationEvent;
use futures::future::{BoxFuture, MaybeDone, maybe_done, poll_fn};
use tokio::task::unconstrained;

/// How many statements all connections of this process have prepared and kept. That another one has just prepared
/// something costs a pipeline its speed, no more.
static PREPARED: AtomicU64 = AtomicU64::new(0);

/// What a connection tells of its statements.
pub(crate) fn count_prepared(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::CacheQuery { .. } = event {
        PREPARED.fetch_add(1, Ordering::Relaxed);
    }
}

/// One, sent when it is first polled; how many rows it has touched.
pub(crate) type Statement<'c> = BoxFuture<'c, QueryResult<usize>>;

/// Statements under way, in their order.
pub(crate) struct Pipeline<'c>(Vec<MaybeDone<Statement<'c>>>);

impl<'c> Pipeline<'c> {
    pub(crate) fn new(statements: impl IntoIterator<Item = Statement<'c>>) -> Self {
        Self(statements.into_iter().map(maybe_done).collect())
    }

    /// Adds more, to come after these.
    pub(crate) fn extend(&mut self, statements: impl IntoIterator<Item = Statement<'c>>) {
        self.0.extend(statements.into_iter().map(maybe_done));
    }

    /// Sends them. Whether all are on their way, and nothing is wrong yet: none had to be prepared first.
    pub(crate) async fn send(&mut self) -> bool {
        let before = PREPARED.load(Ordering::Relaxed);
        // Tokio would put off the polls of a task that has done much, and with them their order.
        unconstrained(poll_fn(|context| {
            let _ = self.poll(context);
            Poll::Ready(())
        }))
        .await;
        let failed = |statement: &mut MaybeDone<Statement<'c>>| {
            Pin::new(statement)
                .output_mut()
                .is_some_and(|outcome| outcome.is_err())
        };
        PREPARED.load(Ordering::Relaxed) == before && !self.0.iter_mut().any(failed)
    }

    /// Waits for all, and gives how many rows each has touched. After one that fails, the rest fail too: the first error
    /// says what was wrong, the others that the transaction is over.
    pub(crate) async fn outcome(mut self) -> QueryResult<Vec<usize>> {
        poll_fn(|context| self.poll(context)).await;
        let outcomes = self.0.iter_mut();
        outcomes
            .filter_map(|statement| Pin::new(statement).take_output())
            .collect()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut all = Poll::Ready(());
        for statement in &mut self.0 {
            if Pin::new(statement).poll(context).is_pending() {
                all = Poll::Pending;
            }
        }
        all
    }
}
