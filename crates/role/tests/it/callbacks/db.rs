//! Tables and queries.

use diesel_migrations::embed_migrations;
use store::prelude::*;
use store::{Error, Migrations, Tx, on, types};

pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("tests/it/callbacks/migrations/postgres"),
    sqlite: embed_migrations!("tests/it/callbacks/migrations/sqlite"),
};

diesel::table! {
    use diesel::sql_types::Text;
    use store::types::Ts;

    callbacks (call_sid) {
        call_sid -> Text,
        tenant_id -> Text,
        caller -> Text,
        missed_at -> Ts,
    }
}

/// Who is to be called back.
#[derive(Queryable, Insertable)]
#[diesel(table_name = callbacks)]
pub struct Callback {
    pub call_sid: String,
    pub tenant_id: String,
    pub caller: String,
    pub missed_at: types::Time,
}

pub async fn add(tx: &mut Tx, callback: &Callback) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(callbacks::table)
        .values(callback)
        .on_conflict_do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// The newest first, of one tenant or of all.
pub async fn newest(tx: &mut Tx, tenant: Option<&str>, most: i64) -> Result<Vec<Callback>, Error> {
    Ok(on!(tx, c => {
        let mut rows = callbacks::table
            .order(callbacks::missed_at.desc())
            .limit(most)
            .into_boxed();
        if let Some(tenant) = tenant {
            rows = rows.filter(callbacks::tenant_id.eq(tenant));
        }
        rows.load::<Callback>(c).await
    })?)
}
