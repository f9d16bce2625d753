#![doc = include_str!("../README.md")]

mod assumed;
mod cached;
mod database;
mod error;
mod group_commit;
pub mod inbox;
mod migrate;
pub mod outbox;
mod outbox_dialect;
mod pipeline;
mod pool;
mod portable;
mod schema;
mod server;
mod sqlite;
mod tx;
pub mod types;

pub use cached::Cached;
pub use database::{Database, Schema, ServerFacts, Store};
pub use error::Error;
pub use migrate::{Migrations, SchemaState};
pub use portable::Table;
pub use sqlite::{Place, Spent, Sqlite};
pub use tx::Tx;

#[doc(hidden)]
pub use diesel_async;

/// What a role's `db/` needs of Diesel. It is not `diesel::prelude`, whose blocking `RunQueryDsl` would
/// conflict with the async one that [`on!`] brings.
pub mod prelude {
    pub use crate::cached::CachedDsl;
    pub use diesel::upsert::excluded;
    pub use diesel::{
        AsChangeset, BoolExpressionMethods, ExpressionMethods, Identifiable, Insertable,
        NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable, Selectable,
        SelectableHelper, TextExpressionMethods,
    };
}

/// Writes a query once and compiles it for both engines.
///
/// `on!(tx, c => query.execute(c).await)` gives the query's `Result`; `tx` is a `&mut Tx`, and `c` is the
/// connection of whichever engine it runs on. Inside, `diesel_async::RunQueryDsl` is in scope. The query's future is boxed:
/// its type, which names the whole query on both engines, ends here (decision 30).
#[macro_export]
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {{
        use $crate::diesel_async::RunQueryDsl as _;
        let connection = $tx.connection();
        $crate::tx_engine::boxed(async {
            match connection {
                $crate::tx_engine::Connection::Pg($c) => $body,
                $crate::tx_engine::Connection::Sqlite($c) => $body,
            }
        })
        .await
    }};
}

/// Writes one row after the other, pipelined: PostgreSQL is sent all statements before the first is answered, which
/// costs one round trip for all of them. A statement each, since Diesel builds a batch anew every time, which PostgreSQL
/// then prepares anew.
///
/// `write_all!(tx, for row in rows => query)` gives `QueryResult<()>`.
#[macro_export]
macro_rules! write_all {
    ($tx:expr, for $row:pat in $rows:expr => $query:expr) => {{
        use $crate::diesel_async::RunQueryDsl as _;
        let connection = $tx.connection();
        $crate::tx_engine::boxed(async {
            match connection {
                $crate::tx_engine::Connection::Pg(c) => {
                    let rows = IntoIterator::into_iter($rows);
                    let statements = rows.map(|$row| $query.execute(&mut &*c)).collect();
                    $crate::tx_engine::pipelined(statements).await
                }
                $crate::tx_engine::Connection::Sqlite(c) => {
                    for $row in $rows {
                        $query.execute(c).await?;
                    }
                    diesel::QueryResult::Ok(())
                }
            }
        })
        .await
    }};
}

/// Writes what is the last of a transaction. One that assumes that it is new ([`Tx::assumes`]) keeps it for its commit, which
/// it shares with others: the rows are the statement's own, and no query may follow, since it would not see them.
///
/// `write_last!(tx, for row in rows => query)` gives `QueryResult<()>`.
#[macro_export]
macro_rules! write_last {
    ($tx:expr, for $row:pat in $rows:expr => $query:expr) => {
        if let Some(assumed) = $tx.assumed() {
            for $row in $rows {
                assumed.write($query);
            }
            diesel::QueryResult::Ok(())
        } else {
            $crate::write_all!($tx, for $row in $rows => $query)
        }
    };
}

/// Inserts rows (`&[Row]`) and leaves those alone whose key is there already.
#[macro_export]
macro_rules! insert_new {
    ($tx:expr, $table:expr, $key:expr, $rows:expr) => {
        $crate::write_all!($tx, for row in $rows =>
            diesel::insert_into($table).values(row).on_conflict($key).do_nothing())
    };
}

#[doc(hidden)]
pub mod tx_engine {
    pub use crate::pipeline::pipelined;
    pub use crate::tx::{Connection, boxed};
}
