//! Which missed calls were answered with a text. The whole history, not the last of it: calls are heard of in any
//! order, and one that comes late is compared with the texts before and after it.

use chrono::TimeDelta;
use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::text_backs::dsl;

/// Whether this call was answered.
pub async fn text_back_of_call(tx: &mut Tx, call_sid: &str) -> Result<bool, Error> {
    let found = on!(tx, c => dsl::text_backs
        .find(call_sid)
        .select(dsl::call_sid)
        .first::<String>(c)
        .await
        .optional())?;
    Ok(found.is_some())
}

/// Whether the customer was texted for a call less than `window` away from `at`, before or after.
pub async fn text_back_near(
    tx: &mut Tx,
    (tenant, customer): (&str, &str),
    at: Time,
    window: TimeDelta,
) -> Result<bool, Error> {
    let (after, before) = (types::Time(at - window), types::Time(at + window));
    let found = on!(tx, c => dsl::text_backs
        .filter(dsl::tenant_id.eq(tenant).and(dsl::customer.eq(customer)))
        .filter(dsl::at.gt(after).and(dsl::at.lt(before)))
        .select(dsl::call_sid)
        .first::<String>(c)
        .await
        .optional())?;
    Ok(found.is_some())
}

/// Notes that this call was answered.
pub async fn text_back_insert(
    tx: &mut Tx,
    call_sid: &str,
    (tenant, customer): (&str, &str),
    at: Time,
) -> Result<(), Error> {
    let row = (
        dsl::call_sid.eq(call_sid),
        dsl::tenant_id.eq(tenant),
        dsl::customer.eq(customer),
        dsl::at.eq(types::Time(at)),
    );
    on!(tx, c => diesel::insert_into(dsl::text_backs).values(row).execute(c).await)?;
    Ok(())
}
