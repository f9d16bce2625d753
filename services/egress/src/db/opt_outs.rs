//! Customers who do not want to be texted, by tenant.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::opt_outs::dsl;

/// Keeps what a customer wants, unless something newer is known.
pub(crate) async fn set(
    tx: &mut Tx,
    tenant: &str,
    customer: &str,
    opted_out: bool,
    at: Time,
) -> Result<(), Error> {
    let at = types::Time(at);
    let change = (dsl::opted_out.eq(opted_out), dsl::changed_at.eq(at));
    let row = dsl::opt_outs
        .find((tenant, customer))
        .filter(dsl::changed_at.le(at));
    if on!(tx, c => diesel::update(row).set(change).cached().execute(c).await)? == 0 {
        let row = (
            dsl::tenant_id.eq(tenant),
            dsl::customer.eq(customer),
            change.0,
            change.1,
        );
        on!(tx, c => diesel::insert_into(dsl::opt_outs)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
    }
    Ok(())
}

/// Whether this customer must not be texted for this tenant.
pub(crate) async fn is_out(tx: &mut Tx, tenant: &str, customer: &str) -> Result<bool, Error> {
    let found = on!(tx, c => dsl::opt_outs
        .find((tenant, customer))
        .select(dsl::opted_out)
        .first::<bool>(c)
        .await
        .optional())?;
    Ok(found.unwrap_or(false))
}
