//! Removing a person's calls.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::calls::dsl;
use super::schema::{customers, notes, recordings, timeline};

/// A call that was removed.
pub struct Removed {
    /// Twilio's id.
    pub call_sid: String,
    /// The account it belongs to.
    pub account_sid: String,
    /// Whether Twilio has it: it came in at our own front door.
    pub is_at_twilio: bool,
}

/// What was removed.
#[derive(Default)]
pub struct Erased {
    /// The calls.
    pub calls: Vec<Removed>,
    /// Lines of their timelines.
    pub lines: usize,
    /// What was known of their recordings.
    pub recordings: usize,
    /// What was known of the person as a customer.
    pub customers: usize,
}

/// Removes the calls with this number at either end, of a tenant or of all, and what belongs to them.
pub async fn erase(tx: &mut Tx, tenant: Option<&str>, number: &str) -> Result<Erased, Error> {
    let found = on!(tx, c => {
        let ends = dsl::from_address.eq(number).or(dsl::to_address.eq(number));
        let mut query = dsl::calls
            .filter(ends)
            .select((dsl::call_sid, dsl::account_sid, dsl::elsewhere))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        query.load::<(String, String, bool)>(c).await
    })?;
    let mut erased = Erased::default();
    for (call_sid, account_sid, elsewhere) in found {
        erased.lines += on!(tx, c => diesel::delete(timeline::table.filter(timeline::call_sid.eq(&call_sid)))
            .execute(c)
            .await)?;
        erased.lines += on!(tx, c => diesel::delete(notes::table.filter(notes::key.eq(&call_sid)))
            .execute(c)
            .await)?;
        erased.recordings += on!(tx, c => diesel::delete(recordings::table.filter(recordings::call_sid.eq(&call_sid)))
            .execute(c)
            .await)?;
        on!(tx, c => diesel::delete(dsl::calls.find(&call_sid)).execute(c).await)?;
        erased.calls.push(Removed {
            call_sid,
            account_sid,
            is_at_twilio: !elsewhere,
        });
    }
    // Parameters of webhooks that belong to no call: of texts, say.
    let named = format!("%{}%", number.replace(['\\', '%', '_'], ""));
    erased.lines += on!(tx, c => {
        let named = notes::table.filter(notes::parameters.like(&named));
        match tenant {
            Some(tenant) => diesel::delete(named.filter(notes::tenant_id.eq(tenant))).execute(c).await,
            None => diesel::delete(named).execute(c).await,
        }
    })?;
    erased.customers = on!(tx, c => {
        let customer = customers::table.filter(customers::customer.eq(number));
        match tenant {
            Some(tenant) => diesel::delete(customer.filter(customers::tenant_id.eq(tenant))).execute(c).await,
            None => diesel::delete(customer).execute(c).await,
        }
    })?;
    Ok(erased)
}

/// Removes calls of a tenant's that ended before a time, and what belongs to them, the oldest first; says how many.
pub async fn expire(tx: &mut Tx, tenant: &str, before: Time, limit: usize) -> Result<usize, Error> {
    let calls = on!(tx, c => dsl::calls
        .filter(dsl::tenant_id.eq(tenant).and(dsl::started_at.lt(types::Time(before))))
        .filter(dsl::ended_at.is_not_null())
        .order(dsl::started_at)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(dsl::call_sid)
        .load::<String>(c)
        .await)?;
    let lines = timeline::table.filter(timeline::call_sid.eq_any(&calls));
    on!(tx, c => diesel::delete(lines).execute(c).await)?;
    let noted = notes::table.filter(notes::key.eq_any(&calls));
    on!(tx, c => diesel::delete(noted).execute(c).await)?;
    let told = recordings::table.filter(recordings::call_sid.eq_any(&calls));
    on!(tx, c => diesel::delete(told).execute(c).await)?;
    let gone = dsl::calls.filter(dsl::call_sid.eq_any(&calls));
    Ok(on!(tx, c => diesel::delete(gone).execute(c).await)?)
}
