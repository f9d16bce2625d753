//! Statements that are prepared once.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A statement that a connection prepares once and keeps, by its text. Diesel does so by itself for what it knows to
/// have one text only, which an `UPDATE` or an upsert is not: these are prepared anew each time, a round trip more.
/// For statements of few texts.
#[derive(Debug, Clone, Copy)]
pub struct Cached<Q>(Q);

/// Brings [`CachedDsl::cached`].
pub trait CachedDsl: Sized {
    /// See [`Cached`]. What returns rows needs its `returning` before.
    fn cached(self) -> Cached<Self> {
        Cached(self)
    }
}

impl<Q: QueryId> CachedDsl for Q {}

impl<Q> QueryId for Cached<Q> {
    type QueryId = ();
    // So the text is what it is found by.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Cached<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q: Query> Query for Cached<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> diesel::query_dsl::RunQueryDsl<C> for Cached<Q> {}
