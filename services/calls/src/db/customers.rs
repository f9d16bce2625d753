//! What decides whether a caller is texted: one row a tenant's customer.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::customers;
use super::schema::customers::dsl;

/// A tenant's customer.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = customers, treat_none_as_default_value = false)]
pub struct Customer {
    /// Whose customer.
    pub tenant_id: String,
    /// E.164.
    pub customer: String,
    /// Wants no texts.
    pub opted_out: bool,
    /// When the customer said so.
    pub opted_at: Option<types::Time>,
    /// Cannot be texted: Twilio has said so.
    pub unreachable: bool,
    /// When a missed call was last answered with a text.
    pub texted_at: Option<types::Time>,
}

/// What is known of a customer.
pub async fn find(tx: &mut Tx, tenant: &str, customer: &str) -> Result<Option<Customer>, Error> {
    Ok(on!(tx, c => dsl::customers
        .find((tenant, customer))
        .first::<Customer>(c)
        .await
        .optional())?)
}

/// Makes the row, unless it is there.
async fn open(tx: &mut Tx, (tenant, customer): (&str, &str)) -> Result<(), Error> {
    let row = Customer {
        tenant_id: tenant.to_owned(),
        customer: customer.to_owned(),
        opted_out: false,
        opted_at: None,
        unreachable: false,
        texted_at: None,
    };
    on!(tx, c => diesel::insert_into(customers::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// Keeps what a customer wants, unless something newer is known.
pub async fn opt_out(
    tx: &mut Tx,
    customer: (&str, &str),
    opted_out: bool,
    at: Time,
) -> Result<(), Error> {
    open(tx, customer).await?;
    let at = types::Time(at);
    let row = dsl::customers
        .find(customer)
        .filter(dsl::opted_at.is_null().or(dsl::opted_at.le(at)));
    on!(tx, c => diesel::update(row)
        .set((dsl::opted_out.eq(opted_out), dsl::opted_at.eq(Some(at))))
        .execute(c)
        .await)?;
    Ok(())
}

/// A missed call was answered with a text.
pub async fn texted(tx: &mut Tx, customer: (&str, &str), at: Time) -> Result<(), Error> {
    open(tx, customer).await?;
    let at = types::Time(at);
    let row = dsl::customers
        .find(customer)
        .filter(dsl::texted_at.is_null().or(dsl::texted_at.lt(at)));
    on!(tx, c => diesel::update(row)
        .set(dsl::texted_at.eq(Some(at)))
        .execute(c)
        .await)?;
    Ok(())
}

/// Twilio says that the number takes no texts.
pub async fn unreachable(tx: &mut Tx, customer: (&str, &str)) -> Result<(), Error> {
    open(tx, customer).await?;
    on!(tx, c => diesel::update(dsl::customers.find(customer))
        .set(dsl::unreachable.eq(true))
        .execute(c)
        .await)?;
    Ok(())
}
