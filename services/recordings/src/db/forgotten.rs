//! Calls that were forgotten: what comes of them afterwards is not kept.

use clock::Time;
use store::prelude::*;
use store::types;
use store::{Error, Tx, on};

use super::schema::forgotten::{self, dsl};

/// A call that was to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = forgotten)]
pub struct ForgottenRow {
    /// The call.
    pub call_sid: String,
    /// The account it belonged to.
    pub account_sid: String,
    /// Whether its recordings are kept until the tenant lifts its legal hold.
    pub is_held: bool,
    /// When it was ordered.
    pub forgotten_at: types::Time,
}

/// Remembers that a call was forgotten, or is to be.
pub async fn forgotten_put(tx: &mut Tx, row: &ForgottenRow) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(forgotten::table)
        .values(row)
        .on_conflict(dsl::call_sid)
        .do_update()
        .set(row)
        .execute(c)
        .await)?;
    Ok(())
}

/// Whether a call was forgotten, or is to be.
pub async fn forgotten_find(tx: &mut Tx, call_sid: &str) -> Result<Option<ForgottenRow>, Error> {
    Ok(on!(tx, c => dsl::forgotten
        .find(call_sid)
        .first::<ForgottenRow>(c)
        .await
        .optional())?)
}

/// Removes those of which nothing comes any more.
pub async fn forgotten_remove(tx: &mut Tx, before: Time) -> Result<usize, Error> {
    let old = dsl::forgotten
        .filter(dsl::is_held.eq(false))
        .filter(dsl::forgotten_at.lt(types::Time(before)));
    Ok(on!(tx, c => diesel::delete(old).execute(c).await)?)
}
