#![doc = include_str!("../README.md")]

mod database;
mod error;
pub mod inbox;
mod migrate;
pub mod outbox;
mod outbox_dialect;
mod schema;
mod tx;
pub mod types;

pub use database::{Database, Schema, Store};
pub use error::Error;
pub use migrate::Migrations;
pub use tx::{Lite, Tx};

#[doc(hidden)]
pub use diesel_async;

/// What a role's `db/` needs of Diesel. It is not `diesel::prelude`, whose blocking `RunQueryDsl` would
/// quarrel with the async one that [`on!`] brings.
pub mod prelude {
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
/// connection of whichever engine it runs on. Inside, `diesel_async::RunQueryDsl` is in scope.
#[macro_export]
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {{
        use $crate::diesel_async::RunQueryDsl as _;
        match $tx.engine() {
            $crate::tx_engine::Engine::Pg($c) => $body,
            $crate::tx_engine::Engine::Lite($c) => $body,
        }
    }};
}

/// Inserts rows (`&[Row]`) and leaves those alone whose key is there already. A statement each: Diesel builds a batch
/// anew every time, which PostgreSQL then prepares anew, and that costs more than the round trips of a few rows.
#[macro_export]
macro_rules! insert_new {
    ($tx:expr, $table:expr, $key:expr, $rows:expr) => {
        $crate::on!($tx, c => {
            let mut inserted = Ok(());
            for row in $rows {
                let one = diesel::insert_into($table).values(row).on_conflict($key).do_nothing();
                inserted = one.execute(c).await.map(drop);
                if inserted.is_err() {
                    break;
                }
            }
            inserted
        })
    };
}

#[doc(hidden)]
pub mod tx_engine {
    pub use crate::tx::Engine;
}
