//! Events that leave when the transaction has committed, at once or at their due time.

use clock::Time;
use diesel::{ExpressionMethods, Insertable, QueryDsl, Queryable};

use crate::schema::outbox::{self, dsl};
use crate::{Error, Tx, insert_new, on, types};

pub use crate::outbox_dialect::claim;

/// An event on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct Row {
    /// The event's id.
    pub id: String,
    /// When it may leave. A process that is about to publish it moves this a little into the future, so that no other
    /// takes it meanwhile, and another does if this one dies.
    pub due_at: types::Time,
    /// `events::Envelope::to_bytes`.
    pub envelope: Vec<u8>,
}

/// Adds events. One that is there already stays as it is: a decider that runs again makes the same ids.
pub async fn put(tx: &mut Tx, rows: &[Row]) -> Result<(), Error> {
    if !rows.is_empty() {
        insert_new!(tx, outbox::table, dsl::id, rows)?;
    }
    Ok(())
}

/// Removes what has been published.
pub async fn done(tx: &mut Tx, ids: &[String]) -> Result<(), Error> {
    on!(tx, c => diesel::delete(dsl::outbox.filter(dsl::id.eq_any(ids))).execute(c).await)?;
    Ok(())
}

/// The earliest due time.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Time>, Error> {
    use diesel::OptionalExtension;
    let next = on!(tx, c => dsl::outbox
        .select(dsl::due_at)
        .order(dsl::due_at.asc())
        .first::<types::Time>(c)
        .await
        .optional())?;
    Ok(next.map(|t| t.0))
}

/// How many events it holds.
pub async fn len(tx: &mut Tx) -> Result<i64, Error> {
    Ok(on!(tx, c => dsl::outbox.count().get_result::<i64>(c).await)?)
}
