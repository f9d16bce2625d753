//! What a transaction writes that assumes that it is new, until it is committed.

use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::pipeline::Statement;

/// A statement that waits until it is sent.
type Write = Box<dyn for<'c> FnOnce(&'c AsyncPgConnection) -> Statement<'c> + Send>;

/// The statements of such a transaction, in their order.
#[doc(hidden)]
#[derive(Default)]
pub struct Assumed(Vec<Write>);

impl Assumed {
    /// Adds a statement.
    pub fn write<Q>(&mut self, query: Q)
    where
        Q: QueryFragment<Pg> + QueryId + Send + 'static,
    {
        self.0.push(Box::new(move |c| {
            let mut shared = c;
            query.execute(&mut shared)
        }));
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives them to a connection, which is sent each when it is first polled.
    pub(crate) fn statements(self, c: &AsyncPgConnection) -> impl Iterator<Item = Statement<'_>> {
        self.0.into_iter().map(|write| write(c))
    }
}
