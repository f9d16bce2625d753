//! What happened in a thread beside its messages: calls of the customer, takeovers, emergencies, bookings.

use store::prelude::*;
use store::types::{Json, Time};
use store::{Error, Tx, on};

use super::schema::entries;
use super::schema::entries::dsl;

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = entries, treat_none_as_default_value = false)]
pub struct Entry {
    /// Follows from what it tells of.
    pub id: String,
    /// Its thread.
    pub conversation_id: String,
    /// `call`, `answering`, `emergency`, `emergency_call`, `booking`, `blocked`, `status`.
    pub kind: String,
    /// When it happened.
    pub at: Time,
    /// The call that it is about.
    pub call_id: Option<String>,
    /// The same by Twilio's id.
    pub call_sid: Option<String>,
    /// What is to be said of it.
    pub detail: Json,
}

/// Keeps an entry, or replaces what was said of the same.
pub async fn entry_put(tx: &mut Tx, row: &Entry) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(entries::table)
        .values(row)
        .on_conflict(dsl::id)
        .do_update()
        .set((dsl::at.eq(row.at), dsl::detail.eq(&row.detail)))
        .execute(c)
        .await)?;
    Ok(())
}

/// An entry by its id.
pub async fn entry_find(tx: &mut Tx, id: &str) -> Result<Option<Entry>, Error> {
    Ok(on!(tx, c => dsl::entries.find(id).first::<Entry>(c).await.optional())?)
}

/// What stands of a call in the thread of its customer.
pub async fn entry_of_call(tx: &mut Tx, call_sid: &str) -> Result<Option<Entry>, Error> {
    Ok(on!(tx, c => dsl::entries
        .filter(dsl::call_sid.eq(call_sid).and(dsl::kind.eq("call")))
        .first::<Entry>(c)
        .await
        .optional())?)
}

/// The dangers that were told of a thread since then.
pub async fn dangers_since(
    tx: &mut Tx,
    conversation_id: &str,
    since: Time,
) -> Result<Vec<String>, Error> {
    let details = on!(tx, c => dsl::entries
        .filter(dsl::conversation_id.eq(conversation_id).and(dsl::kind.eq("emergency")))
        .filter(dsl::at.ge(since))
        .select(dsl::detail)
        .load::<Json>(c)
        .await)?;
    let danger = |detail: Json| detail.0["danger"].as_str().map(str::to_owned);
    Ok(details.into_iter().filter_map(danger).collect())
}

/// The latest entries of a thread in their order.
pub async fn entry_list(
    tx: &mut Tx,
    conversation_id: &str,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let mut rows = on!(tx, c => dsl::entries
        .filter(dsl::conversation_id.eq(conversation_id))
        .order((dsl::at.desc(), dsl::id.desc()))
        .limit(limit)
        .load::<Entry>(c)
        .await)?;
    rows.reverse();
    Ok(rows)
}
