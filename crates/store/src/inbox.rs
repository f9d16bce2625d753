//! What a consumer has handled already.

use clock::Time;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};

use crate::schema::inbox::dsl;
use crate::{Error, Tx, on, types};

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

/// Keeps the reply that the event got.
pub async fn keep_reply(
    tx: &mut Tx,
    consumer: &str,
    event_id: &str,
    reply: &[u8],
) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::inbox.find((consumer, event_id)))
        .set(dsl::reply.eq(reply))
        .execute(c)
        .await)?;
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
