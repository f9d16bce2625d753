//! Claiming due events: the one query that the engines do differently. PostgreSQL has many writers and skips
//! the rows that another holds; SQLite's transaction is alone.

use clock::Time;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;

use crate::outbox::Row;
use crate::schema::outbox::dsl;
use crate::tx::Connection;
use crate::{Error, Tx, types};

/// Takes up to `limit` events that are due, oldest first, and moves their due time to `lease`.
pub async fn claim(tx: &mut Tx, now: Time, lease: Time, limit: i64) -> Result<Vec<Row>, Error> {
    let due = dsl::outbox
        .filter(dsl::due_at.le(types::Time(now)))
        .order((dsl::due_at.asc(), dsl::id.asc()))
        .limit(limit);
    let set = dsl::due_at.eq(types::Time(lease));
    match tx.connection() {
        Connection::Pg(c) => {
            let rows: Vec<Row> = due.for_update().skip_locked().load(c).await?;
            let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
            diesel::update(dsl::outbox.filter(dsl::id.eq_any(ids)))
                .set(set)
                .execute(c)
                .await?;
            Ok(rows)
        }
        Connection::Sqlite(c) => {
            let rows: Vec<Row> = due.load(c).await?;
            let ids: Vec<String> = rows.iter().map(|r| r.id.clone()).collect();
            diesel::update(dsl::outbox.filter(dsl::id.eq_any(ids)))
                .set(set)
                .execute(c)
                .await?;
            Ok(rows)
        }
    }
}
