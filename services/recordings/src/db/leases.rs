//! Who does what only one process is to do at a time.

use clock::Time;
use store::prelude::*;
use store::types;
use store::{Error, Tx, on};

use super::schema::leases::{self, dsl};

#[derive(Debug, Clone, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = leases)]
struct LeaseRow {
    name: String,
    holder: String,
    until: types::Time,
}

/// Takes the lease, or holds it for longer; `false`: another process has it.
pub async fn lease_take(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    now: Time,
    until: Time,
) -> Result<bool, Error> {
    let new = LeaseRow {
        name: name.to_owned(),
        holder: holder.to_owned(),
        until: until.into(),
    };
    let fresh = on!(tx, c => diesel::insert_into(leases::table)
        .values(&new)
        .on_conflict(dsl::name)
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 1 {
        return Ok(true);
    }
    let free = dsl::leases
        .filter(dsl::name.eq(name))
        .filter(dsl::holder.eq(holder).or(dsl::until.lt(types::Time(now))));
    let taken = on!(tx, c => diesel::update(free).set(&new).execute(c).await)?;
    Ok(taken == 1)
}

/// Who has a lease, and until when.
pub async fn lease_held(tx: &mut Tx, name: &str) -> Result<Option<(String, Time)>, Error> {
    let found = on!(tx, c => dsl::leases
        .find(name)
        .first::<LeaseRow>(c)
        .await
        .optional())?;
    Ok(found.map(|it| (it.holder, it.until.0)))
}

/// Gives a lease back.
pub async fn lease_release(tx: &mut Tx, name: &str, holder: &str) -> Result<(), Error> {
    let ours = dsl::leases.find(name).filter(dsl::holder.eq(holder));
    on!(tx, c => diesel::delete(ours).execute(c).await)?;
    Ok(())
}
