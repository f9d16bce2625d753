//! Appointments: proposed to a customer, then confirmed by the customer's own yes.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::bookings;
use super::schema::bookings::dsl;

/// An appointment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = bookings, treat_none_as_default_value = false)]
pub struct Booking {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The thread that it was made in.
    pub conversation_id: String,
    /// When it begins.
    pub starts_at: types::Time,
    /// When it ends.
    pub ends_at: types::Time,
    /// `tentative`, `confirmed` or `released`.
    pub status: String,
    /// What is to be done.
    pub service: String,
    /// When it was proposed.
    pub made_at: types::Time,
}

/// Adds an appointment.
pub async fn booking_insert(tx: &mut Tx, row: &Booking) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(bookings::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// An appointment by its id.
pub async fn booking_find(tx: &mut Tx, id: &str) -> Result<Option<Booking>, Error> {
    Ok(on!(tx, c => dsl::bookings.find(id).first::<Booking>(c).await.optional())?)
}

/// Says what became of an appointment.
pub async fn booking_status(tx: &mut Tx, id: &str, status: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::bookings.find(id))
        .set(dsl::status.eq(status))
        .execute(c)
        .await)?;
    Ok(())
}

/// Lets go of what was proposed in a thread and not confirmed.
pub async fn bookings_release(tx: &mut Tx, conversation_id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::bookings
        .filter(dsl::conversation_id.eq(conversation_id).and(dsl::status.eq("tentative"))))
        .set(dsl::status.eq("released"))
        .execute(c)
        .await)?;
    Ok(())
}

/// A tenant's appointments that take a place between two times: the confirmed, and those proposed since `proposed_since`.
pub async fn bookings_between(
    tx: &mut Tx,
    tenant: &str,
    (from, until): (Time, Time),
    proposed_since: Time,
) -> Result<Vec<Booking>, Error> {
    Ok(on!(tx, c => dsl::bookings
        .filter(dsl::tenant_id.eq(tenant))
        .filter(dsl::starts_at.lt(types::Time(until)).and(dsl::starts_at.ge(types::Time(from))))
        .filter(dsl::status.eq("confirmed").or(
            dsl::status.eq("tentative").and(dsl::made_at.ge(types::Time(proposed_since)))))
        .order(dsl::starts_at)
        .load::<Booking>(c)
        .await)?)
}

/// A thread's appointments, the latest first.
pub async fn bookings_of(tx: &mut Tx, conversation_id: &str) -> Result<Vec<Booking>, Error> {
    Ok(on!(tx, c => dsl::bookings
        .filter(dsl::conversation_id.eq(conversation_id))
        .order(dsl::made_at.desc())
        .limit(10)
        .load::<Booking>(c)
        .await)?)
}
