//! Removing a customer: every thread and all that hangs on it.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::conversations::draft_id;
use super::messages::{Media, media_key};
use super::schema::{
    bookings, conversations, deliveries, entries, leads, messages, opt_out_evidence, opt_outs,
    text_backs, unreachable,
};

/// What was removed.
#[derive(Default)]
pub struct Erased {
    /// How many rows, by the table's name.
    pub rows: Vec<(&'static str, usize)>,
    /// Messages that Twilio has: the account and the message.
    pub at_twilio: Vec<(String, String)>,
    /// Objects: what messages carried, and what models made of a thread.
    pub objects: Vec<String>,
}

/// Removes a customer's rows of one table, of a tenant or of all.
macro_rules! delete_of {
    ($tx:expr, $table:ident, $tenant:expr, $customer:expr) => {
        on!($tx, c => {
            let rows = $table::table.filter($table::customer.eq($customer));
            match $tenant {
                Some(tenant) => diesel::delete(rows.filter($table::tenant_id.eq(tenant))).execute(c).await,
                None => diesel::delete(rows).execute(c).await,
            }
        })?
    };
}

/// Removes a thread's rows of one table.
macro_rules! delete_in {
    ($tx:expr, $table:ident, $thread:expr) => {
        on!($tx, c => diesel::delete($table::table.filter($table::conversation_id.eq($thread)))
            .execute(c)
            .await)?
    };
}

/// Removes what belongs to this customer, of a tenant or of all.
pub async fn erase(tx: &mut Tx, tenant: Option<&str>, customer: &str) -> Result<Erased, Error> {
    let threads = on!(tx, c => {
        let mut query = conversations::table
            .filter(conversations::customer.eq(customer))
            .select((conversations::id, conversations::account_sid, conversations::tenant_id, conversations::revision))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(conversations::tenant_id.eq(tenant));
        }
        query.load::<Thread>(c).await
    })?;
    let mut erased = remove(tx, &threads).await?;
    erased.rows.extend([
        ("text_backs", delete_of!(tx, text_backs, tenant, customer)),
        ("opt_outs", delete_of!(tx, opt_outs, tenant, customer)),
        (
            "opt_out_evidence",
            delete_of!(tx, opt_out_evidence, tenant, customer),
        ),
        ("unreachable", delete_of!(tx, unreachable, tenant, customer)),
    ]);
    Ok(erased)
}

/// Removes conversations of a tenant's in which nothing has happened since a time, the oldest first; says how many, and which
/// objects are nobody's any more.
pub async fn expire(
    tx: &mut Tx,
    tenant: &str,
    before: Time,
    limit: usize,
) -> Result<(usize, Vec<String>), Error> {
    let threads = on!(tx, c => conversations::table
        .filter(conversations::tenant_id.eq(tenant))
        .filter(conversations::updated_at.lt(types::Time(before)))
        .order(conversations::updated_at)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select((conversations::id, conversations::account_sid, conversations::tenant_id, conversations::revision))
        .load::<Thread>(c)
        .await)?;
    let erased = remove(tx, &threads).await?;
    Ok((threads.len(), erased.objects))
}

/// A thread that is removed: its id, its account, its tenant, and how often an answer to it may have been drafted.
type Thread = (String, String, String, i64);

/// Removes threads and all that hangs on them.
async fn remove(tx: &mut Tx, threads: &[Thread]) -> Result<Erased, Error> {
    let mut erased = Erased::default();
    let (mut texts, mut lines, mut kept_leads, mut booked, mut told) = (0, 0, 0, 0, 0);
    for (thread, account_sid, tenant, revision) in threads {
        let sids = on!(tx, c => messages::table
            .filter(messages::conversation_id.eq(thread))
            .filter(messages::message_sid.is_not_null())
            .select(messages::message_sid)
            .load::<Option<String>>(c)
            .await)?;
        for sid in sids.into_iter().flatten() {
            told += on!(tx, c => diesel::delete(deliveries::table.find(&sid)).execute(c).await)?;
            erased.at_twilio.push((account_sid.clone(), sid));
        }
        let carried = on!(tx, c => messages::table
            .filter(messages::conversation_id.eq(thread))
            .filter(messages::direction.eq("inbound"))
            .filter(messages::media.ne(types::Json(serde_json::json!([]))))
            .select(messages::media)
            .load::<types::Json>(c)
            .await)?;
        let carried = carried
            .iter()
            .flat_map(|it| it.read::<Vec<Media>>().unwrap_or_default());
        let carried = carried.filter(|it| !it.id.is_empty());
        erased
            .objects
            .extend(carried.map(|it| media_key(tenant, &it.id)));
        // Each draft is kept under the id that its revision gives.
        let drafts = (1..=*revision).map(|nth| draft_id(thread, nth));
        erased
            .objects
            .extend(drafts.map(|id| format!("ai/reply/{id}.json")));
        texts += delete_in!(tx, messages, thread);
        lines += delete_in!(tx, entries, thread);
        kept_leads += delete_in!(tx, leads, thread);
        booked += delete_in!(tx, bookings, thread);
        on!(tx, c => diesel::delete(conversations::table.find(thread)).execute(c).await)?;
    }
    erased.rows = vec![
        ("conversations", threads.len()),
        ("messages", texts),
        ("entries", lines),
        ("leads", kept_leads),
        ("bookings", booked),
        ("deliveries", told),
    ];
    Ok(erased)
}
