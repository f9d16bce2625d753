//! Customers who do not want to be texted, by tenant.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::opt_outs::dsl;

/// Keeps what a customer wants, unless something newer is known. No request to the same customer leaves between this
/// and the end of the transaction: see [`is_out_now`].
pub async fn set(
    tx: &mut Tx,
    tenant: &str,
    customer: &str,
    opted_out: bool,
    at: Time,
) -> Result<(), Error> {
    tx.lock(&name(tenant, customer)).await?;
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

/// Whether the customer of these names, a number and its pseudonyms, must not be texted for this tenant. The latest
/// wish counts.
pub(crate) async fn is_out(tx: &mut Tx, tenant: &str, names: &[String]) -> Result<bool, Error> {
    let found = on!(tx, c => dsl::opt_outs
        .filter(dsl::tenant_id.eq(tenant).and(dsl::customer.eq_any(names)))
        .order((dsl::changed_at.desc(), dsl::opted_out.desc()))
        .select(dsl::opted_out)
        .first::<bool>(c)
        .await
        .optional())?;
    Ok(found.unwrap_or(false))
}

/// Replaces a customer's number by a pseudonym where it is an opt-out, and removes it where it is none, of a tenant or
/// of all; says how many rows had the number.
pub(crate) async fn forget(
    tx: &mut Tx,
    tenant: Option<&str>,
    customer: &str,
    pseudonym: &str,
) -> Result<usize, Error> {
    let rows = on!(tx, c => {
        let mut query = dsl::opt_outs
            .filter(dsl::customer.eq(customer))
            .select((dsl::tenant_id, dsl::opted_out, dsl::changed_at))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        query.load::<(String, bool, types::Time)>(c).await
    })?;
    let found = rows.len();
    for (tenant, opted_out, changed_at) in rows {
        on!(tx, c => diesel::delete(dsl::opt_outs.find((&tenant, customer))).execute(c).await)?;
        if opted_out {
            set(tx, &tenant, pseudonym, true, changed_at.0).await?;
        }
    }
    Ok(found)
}

/// The same, and it stays so until the transaction ends: a wish that is told meanwhile waits for that.
pub(crate) async fn is_out_now(
    tx: &mut Tx,
    tenant: &str,
    customer: &str,
    names: &[String],
) -> Result<bool, Error> {
    tx.lock(&name(tenant, customer)).await?;
    is_out(tx, tenant, names).await
}

fn name(tenant: &str, customer: &str) -> String {
    format!("egress.opt-out {tenant} {customer}")
}
