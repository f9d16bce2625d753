//! What the tenant said of itself with the latest text or call of a number: timers and operators' requests come without.

use store::prelude::*;
use store::{Error, Tx, on};

use super::schema::contexts::dsl;

/// Keeps the latest.
pub async fn context_put(
    tx: &mut Tx,
    (tenant, number): (&str, &str),
    context: &[u8],
) -> Result<(), Error> {
    if context_find(tx, (tenant, number)).await?.as_deref() == Some(context) {
        return Ok(());
    }
    let row = (
        dsl::tenant_id.eq(tenant),
        dsl::number.eq(number),
        dsl::context.eq(context),
    );
    on!(tx, c => diesel::insert_into(dsl::contexts)
        .values(row)
        .on_conflict((dsl::tenant_id, dsl::number))
        .do_update()
        .set(dsl::context.eq(context))
        .execute(c)
        .await)?;
    Ok(())
}

/// The latest, if there was one.
pub async fn context_find(
    tx: &mut Tx,
    (tenant, number): (&str, &str),
) -> Result<Option<Vec<u8>>, Error> {
    Ok(on!(tx, c => dsl::contexts
        .find((tenant, number))
        .select(dsl::context)
        .first::<Vec<u8>>(c)
        .await
        .optional())?)
}
