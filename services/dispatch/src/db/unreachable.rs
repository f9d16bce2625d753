//! Customers whose number takes no texts, as Twilio said: a landline, a number out of service. Said once, remembered, not
//! tried again.

use chrono::TimeDelta;
use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::unreachable::dsl;

/// How long Twilio's word counts: numbers are ported and change hands.
const MEMORY: TimeDelta = TimeDelta::days(90);

/// Whether this code of Twilio's says that no text will ever arrive (21614: not a mobile number, 30006: landline or
/// unreachable carrier).
pub fn is_lasting(code: i64) -> bool {
    matches!(code, 21614 | 30006)
}

/// Notes that a customer cannot be texted. Says whether it is news.
pub async fn unreachable_note(
    tx: &mut Tx,
    (tenant, customer): (&str, &str),
    code: i64,
    at: Time,
) -> Result<bool, Error> {
    let known = unreachable_code(tx, (tenant, customer), at).await?;
    let row = (
        dsl::tenant_id.eq(tenant),
        dsl::customer.eq(customer),
        dsl::code.eq(code),
        dsl::at.eq(types::Time(at)),
    );
    on!(tx, c => diesel::insert_into(dsl::unreachable)
        .values(row)
        .on_conflict((dsl::tenant_id, dsl::customer))
        .do_update()
        .set((dsl::code.eq(code), dsl::at.eq(types::Time(at))))
        .execute(c)
        .await)?;
    Ok(known.is_none())
}

/// The code by which a customer cannot be texted; none when it is unknown or long ago.
pub async fn unreachable_code(
    tx: &mut Tx,
    (tenant, customer): (&str, &str),
    at: Time,
) -> Result<Option<i64>, Error> {
    Ok(on!(tx, c => dsl::unreachable
        .find((tenant, customer))
        .filter(dsl::at.gt(types::Time(at - MEMORY)))
        .select(dsl::code)
        .first::<i64>(c)
        .await
        .optional())?)
}

/// Forgets it: a text of the customer's has come.
pub async fn unreachable_forget(
    tx: &mut Tx,
    (tenant, customer): (&str, &str),
) -> Result<(), Error> {
    on!(tx, c => diesel::delete(dsl::unreachable.find((tenant, customer)))
        .execute(c)
        .await)?;
    Ok(())
}
