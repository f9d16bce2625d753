//! What a consumer has handled already.

use clock::Time;
use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl};

use crate::cached::CachedDsl;
use crate::schema::inbox::{self, dsl};
use crate::schema::outbox::dsl as leave;
use crate::{Error, Tx, on, outbox, types, write_last};

/// The mark of an event that was handled before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The reply it got, to be given again.
    pub reply: Option<Vec<u8>>,
}

/// That a consumer has handled an event, for a transaction that assumes that it is new ([`crate::Store::commit_assumed`]).
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = inbox, treat_none_as_default_value = false)]
pub struct Entry {
    /// The consumer.
    pub consumer: String,
    /// The event's id.
    pub event_id: String,
    /// When.
    pub handled_at: types::Time,
    /// `events::Envelope::to_bytes` of its reply.
    pub reply: Option<Vec<u8>>,
}

/// Marks an event as handled by a consumer. `false`: it was handled before, and nothing changes. It comes before all else that
/// a transaction does: two deliveries at the same time wait for each other here, and nowhere after it, so one of them sees
/// the other.
pub async fn enter(tx: &mut Tx, consumer: &str, event_id: &str, now: Time) -> Result<bool, Error> {
    let fresh = on!(tx, c => diesel::insert_into(dsl::inbox)
        .values((
            dsl::consumer.eq(consumer),
            dsl::event_id.eq(event_id),
            dsl::handled_at.eq(types::Time(now)),
        ))
        .on_conflict((dsl::consumer, dsl::event_id))
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(fresh == 1)
}

/// What an event got that was handled before. One without a mark got no reply.
pub async fn handled(tx: &mut Tx, consumer: &str, event_id: &str) -> Result<Handled, Error> {
    let reply = on!(tx, c => dsl::inbox
        .find((consumer, event_id))
        .select(dsl::reply)
        .first::<Option<Vec<u8>>>(c)
        .await
        .optional())?;
    Ok(Handled {
        reply: reply.flatten(),
    })
}

/// A reply that an event got, to be kept with the mark that it was handled.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The consumer that handled the event.
    pub consumer: String,
    /// The event's id.
    pub event_id: String,
    /// `events::Envelope::to_bytes`.
    pub envelope: Vec<u8>,
}

/// The end of a decision: keeps the replies that events got, and adds the events that follow to the outbox.
pub async fn conclude(
    tx: &mut Tx,
    replies: Vec<Reply>,
    leaving: Vec<outbox::Row>,
) -> Result<(), Error> {
    write_last!(tx, for reply in replies =>
        diesel::update(dsl::inbox.find((reply.consumer, reply.event_id)))
            .set(dsl::reply.eq(reply.envelope))
            .cached())?;
    write_last!(tx, for row in leaving =>
        diesel::insert_into(leave::outbox).values(row).on_conflict(leave::id).do_nothing())?;
    Ok(())
}

/// Removes the marks of what was handled before `until`; gives how many.
pub async fn forget(tx: &mut Tx, until: Time) -> Result<usize, Error> {
    Ok(
        on!(tx, c => diesel::delete(dsl::inbox.filter(dsl::handled_at.lt(types::Time(until))))
        .execute(c)
        .await)?,
    )
}
