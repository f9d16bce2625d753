//! What is counted of conversations.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::{bookings, conversations, messages, opt_out_evidence, text_backs};

/// What is counted: one tenant's or all, from a time until another.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// This time or later.
    pub since: Time,
    /// Before this time.
    pub until: Time,
}

/// The most rows whose times are looked at.
const MOST: i64 = 50_000;

/// When something happened, for counting by day.
macro_rules! times {
    ($tx:expr, $which:expr, $table:ident, $column:ident $(, $filter:expr)*) => {{
        let (since, until) = (types::Time($which.since), types::Time($which.until));
        let times = on!($tx, c => {
            let mut query = $table::table
                .filter($table::$column.ge(since).and($table::$column.lt(until)))
                $(.filter($filter))*
                .select($table::$column)
                .limit(MOST)
                .into_boxed();
            if let Some(tenant) = &$which.tenant {
                query = query.filter($table::tenant_id.eq(tenant));
            }
            query.load::<types::Time>(c).await
        })?;
        Ok(times.into_iter().map(|at| at.0).collect())
    }};
}

/// When conversations were begun.
pub async fn conversations_begun(tx: &mut Tx, which: &Counted) -> Result<Vec<Time>, Error> {
    times!(tx, which, conversations, created_at)
}

/// When missed calls were answered with a text.
pub async fn texted_back(tx: &mut Tx, which: &Counted) -> Result<Vec<Time>, Error> {
    times!(tx, which, text_backs, at)
}

/// When appointments were proposed that are confirmed.
pub async fn booked(tx: &mut Tx, which: &Counted) -> Result<Vec<Time>, Error> {
    times!(
        tx,
        which,
        bookings,
        made_at,
        bookings::status.eq("confirmed")
    )
}

/// When customers asked for silence.
pub async fn opted_out(tx: &mut Tx, which: &Counted) -> Result<Vec<Time>, Error> {
    times!(
        tx,
        which,
        opt_out_evidence,
        at,
        opt_out_evidence::wish.eq("STOP")
    )
}

/// How many appointments stand how.
pub async fn bookings_by_status(tx: &mut Tx, which: &Counted) -> Result<Vec<(String, i64)>, Error> {
    let (since, until) = (types::Time(which.since), types::Time(which.until));
    Ok(on!(tx, c => {
        let mut query = bookings::table
            .filter(bookings::made_at.ge(since).and(bookings::made_at.lt(until)))
            .group_by(bookings::status)
            .select((bookings::status, diesel::dsl::count_star()))
            .into_boxed();
        if let Some(tenant) = &which.tenant {
            query = query.filter(bookings::tenant_id.eq(tenant));
        }
        query.load::<(String, i64)>(c).await
    })?)
}

/// How many messages were written by whom, and what became of them: sender, status, count.
pub async fn messages_by_sender(
    tx: &mut Tx,
    which: &Counted,
) -> Result<Vec<(String, String, i64)>, Error> {
    let (since, until) = (types::Time(which.since), types::Time(which.until));
    Ok(on!(tx, c => {
        let mut query = messages::table
            .inner_join(conversations::table)
            .filter(messages::created_at.ge(since).and(messages::created_at.lt(until)))
            .group_by((messages::sender, messages::status))
            .select((messages::sender, messages::status, diesel::dsl::count_star()))
            .into_boxed();
        if let Some(tenant) = &which.tenant {
            query = query.filter(conversations::tenant_id.eq(tenant));
        }
        query.load::<(String, String, i64)>(c).await
    })?)
}

/// A message as far as waiting times need it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Step {
    /// Its thread.
    pub conversation_id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// `customer`, `ai`, `human` or `system`.
    pub sender: String,
    /// The call that it answers.
    pub call_id: Option<String>,
    /// When it came, or when it was decided to write it.
    pub created_at: types::Time,
    /// When Twilio took it.
    pub sent_at: Option<types::Time>,
}

/// The messages of a time, thread by thread in the order they were written.
pub async fn message_steps(tx: &mut Tx, which: &Counted) -> Result<Vec<Step>, Error> {
    let (since, until) = (types::Time(which.since), types::Time(which.until));
    Ok(on!(tx, c => {
        let mut query = messages::table
            .inner_join(conversations::table)
            .filter(messages::created_at.ge(since).and(messages::created_at.lt(until)))
            .select((
                messages::conversation_id,
                messages::direction,
                messages::sender,
                messages::call_id,
                messages::created_at,
                messages::sent_at,
            ))
            .order((messages::conversation_id, messages::created_at, messages::id))
            .limit(MOST)
            .into_boxed();
        if let Some(tenant) = &which.tenant {
            query = query.filter(conversations::tenant_id.eq(tenant));
        }
        query.load::<Step>(c).await
    })?)
}
