//! What a consumer has handled already.

use clock::Time;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};

use crate::cached::CachedDsl;
use crate::schema::inbox::dsl;
use crate::schema::outbox::dsl as leave;
use crate::{Error, Tx, on, outbox, types, write_last};

/// The mark of an event that was handled before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The reply it got, to be given again.
    pub reply: Option<Vec<u8>>,
}

/// Marks an event as handled by a consumer, unless it was handled before: then nothing changes and the first
/// handling is returned. Two deliveries at the same time wait for each other here, so one of them sees the other.
pub async fn enter(
    tx: &mut Tx,
    consumer: &str,
    event_id: &str,
    now: Time,
) -> Result<Option<Handled>, Error> {
    let row = (
        dsl::consumer.eq(consumer),
        dsl::event_id.eq(event_id),
        dsl::handled_at.eq(types::Time(now)),
    );
    let fresh = on!(tx, c => diesel::insert_into(dsl::inbox)
        .values(row)
        .on_conflict((dsl::consumer, dsl::event_id))
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 1 {
        return Ok(None);
    }
    let reply = on!(tx, c => dsl::inbox
        .find((consumer, event_id))
        .select(dsl::reply)
        .first::<Option<Vec<u8>>>(c)
        .await
        .optional())?;
    Ok(Some(Handled {
        reply: reply.flatten(),
    }))
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

/// The end of a decision: keeps the replies that events got, and adds the events that follow to the outbox. Nothing but
/// the commit may come after it.
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

/// Forgets what was handled before `until`; gives how many marks went.
pub async fn forget(tx: &mut Tx, until: Time) -> Result<usize, Error> {
    Ok(
        on!(tx, c => diesel::delete(dsl::inbox.filter(dsl::handled_at.lt(types::Time(until))))
        .execute(c)
        .await)?,
    )
}
