//! What a consumer has handled already.

use clock::Time;
use diesel::pg::Pg;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sqlite::Sqlite;
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
    let fresh = on!(tx, c => mark(consumer, event_id, now).execute(c).await)?;
    if fresh == 1 {
        return Ok(None);
    }
    handled(tx, consumer, event_id).await.map(Some)
}

fn mark(
    consumer: &str,
    event_id: &str,
    now: Time,
) -> impl QueryFragment<Pg> + QueryFragment<Sqlite> + QueryId + Send + use<> {
    diesel::insert_into(dsl::inbox)
        .values((
            dsl::consumer.eq(consumer.to_owned()),
            dsl::event_id.eq(event_id.to_owned()),
            dsl::handled_at.eq(types::Time(now)),
        ))
        .on_conflict((dsl::consumer, dsl::event_id))
        .do_nothing()
}

/// The same for a decider, whose queries follow: on PostgreSQL the mark goes with the first of them, pipelined, and
/// that query fails if the event was handled before. Whether it was is for [`is_fresh`] to say; `false` says it now.
pub async fn enter_first(
    tx: &mut Tx,
    consumer: &str,
    event_id: &str,
    now: Time,
) -> Result<bool, Error> {
    if tx.can_wait() {
        tx.insert_first(mark(consumer, event_id, now));
        return Ok(true);
    }
    let rows = on!(tx, c => mark(consumer, event_id, now).execute(c).await)?;
    Ok(rows == 1)
}

/// The same for a transaction that assumes that the event is new ([`Tx::assumes`]), when it has been decided: the mark is
/// written with the commit, and fails if the event was handled before. It goes before all other writes, as in every other
/// transaction: two that handle the same event wait for each other there, and nowhere else.
pub fn enter_last(tx: &mut Tx, consumer: &str, event_id: &str, now: Time, reply: Option<Vec<u8>>) {
    tx.write_ahead(diesel::insert_into(dsl::inbox).values((
        dsl::consumer.eq(consumer.to_owned()),
        dsl::event_id.eq(event_id.to_owned()),
        dsl::handled_at.eq(types::Time(now)),
        dsl::reply.eq(reply),
    )));
}

/// Whether the event that was entered first is new.
pub async fn is_fresh(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.is_fresh().await?)
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

/// Removes the marks of what was handled before `until`; gives how many.
pub async fn forget(tx: &mut Tx, until: Time) -> Result<usize, Error> {
    Ok(
        on!(tx, c => diesel::delete(dsl::inbox.filter(dsl::handled_at.lt(types::Time(until))))
        .execute(c)
        .await)?,
    )
}
