//! Statements that PostgreSQL is sent before the first of them is answered.

use diesel::QueryResult;
use futures::future::{BoxFuture, join_all};
use tokio::task::unconstrained;

/// One, sent when it is first polled if the connection has prepared it before; how many rows it has touched.
pub(crate) type Statement<'c> = BoxFuture<'c, QueryResult<usize>>;

/// Sends all statements, then waits for all. They leave in their order, but for those that the connection has still to
/// prepare. After one that fails, the rest fail too: the first error says what was wrong, the others that the transaction is
/// over.
#[doc(hidden)]
pub async fn pipelined(statements: Vec<Statement<'_>>) -> QueryResult<()> {
    // Tokio would put off the polls of a task that has done much, and with them their order.
    let outcomes = unconstrained(join_all(statements)).await;
    outcomes.into_iter().try_for_each(|it| it.map(drop))
}
