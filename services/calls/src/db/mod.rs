//! The tables of calls: one row a call, and what happened to it.

pub mod customers;
mod erase;
mod notes;
mod recordings;
mod schema;
mod turns;

pub use erase::{erase, expire};
pub use notes::{
    NoteFilter, NoteRow, note_add, note_counts, note_find, note_list, note_sweep, webhook_list,
};
pub use recordings::{RecordingRow, line_add, recording_list, recording_save};
pub use turns::{Turn, TurnRow, turn_insert, turn_list};

use clock::Time;
use diesel_migrations::embed_migrations;
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Migrations, Tx, on, write_last};

use schema::calls::dsl;
use schema::timeline::dsl as line;
use schema::{calls, timeline};

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};

/// A call as it is kept.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct CallRow {
    /// Twilio's id.
    pub call_sid: String,
    /// Ours, derived from Twilio's.
    pub id: String,
    /// Whose call it is.
    pub tenant_id: String,
    /// The account it belongs to.
    pub account_sid: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// As Twilio gave it.
    pub from_address: String,
    /// As Twilio gave it.
    pub to_address: String,
    /// Twilio's word, never going back.
    pub status: String,
    /// Whether it was passed on to the business.
    pub forwarded: bool,
    /// Whether whoever picks up must press 1.
    pub whispered: bool,
    /// Whether they did.
    pub accepted: bool,
    /// How the dial ended.
    pub dial_status: Option<String>,
    /// Whether the two were connected, when Twilio said.
    pub dial_bridged: Option<bool>,
    /// How long the dialled leg lasted.
    pub dial_duration_s: Option<i64>,
    /// How long the call lasted.
    pub duration_s: Option<i64>,
    /// Empty while open; then `answered`, `missed` or `failed`, and so it stays.
    pub outcome: String,
    /// Why it was missed or failed.
    pub reason: String,
    /// The thread that came of it.
    pub conversation_id: Option<String>,
    /// The earliest that we heard of it.
    pub started_at: types::Time,
    /// The earliest that we heard of its end.
    pub ended_at: Option<types::Time>,
    /// Whether its number answers by itself.
    pub served: bool,
    /// Whether it came in at another front door, so that our Twilio does not know it.
    pub elsewhere: bool,
    /// Who picked up, when Twilio was to find out: `human`, `machine_start`, ...
    pub answered_by: String,
    /// The interview that it is for; empty: none.
    pub interview_id: String,
    /// The interview's flow.
    pub interview_flow: String,
    /// `pending`, `calling`, `in-progress` or `ended`, never going back.
    pub interview_status: String,
    /// How the interview ended; empty while it goes on.
    pub interview_outcome: String,
    /// The phone that was dialled; empty: none.
    pub dialled: String,
    /// Twilio's code for why it failed; 0: it gave none.
    pub code: i64,
    /// Twilio's words for it.
    pub error: String,
    /// The carrier's answer, as SIP has it; 0: it was not told.
    pub sip_code: i64,
    /// The quarter of an hour in which it began, counted from 1970.
    pub quarter: i64,
}

/// Something that happened to a call.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = timeline, treat_none_as_default_value = false)]
pub struct LineRow {
    /// Derived from the event it tells of.
    pub id: String,
    /// The call.
    pub call_sid: String,
    /// When.
    pub at: types::Time,
    /// `webhook`, `twiml`, `event`, `effect`.
    pub kind: String,
    /// The facts.
    pub detail: Json,
}

/// The call's row, made if it is new, and locked until the transaction ends: two events of one call are decided
/// one after the other. Says whether it was new. A transaction that assumes so inserts it with its commit.
pub async fn call_open(tx: &mut Tx, new: &CallRow) -> Result<(CallRow, bool), Error> {
    if tx.assumes() {
        return Ok((new.clone(), true));
    }
    let fresh = on!(tx, c => diesel::insert_into(calls::table)
        .values(new)
        .on_conflict(dsl::call_sid)
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 1 {
        return Ok((new.clone(), true));
    }
    // An update that changes nothing takes the row's lock on both engines.
    let row = on!(tx, c => diesel::update(dsl::calls.find(&new.call_sid))
        .set(dsl::call_sid.eq(&new.call_sid))
        .returning(calls::all_columns)
        .cached()
        .get_result::<CallRow>(c)
        .await)?;
    Ok((row, false))
}

/// The call's row, locked, if there is one.
pub async fn call_lock(tx: &mut Tx, call_sid: &str) -> Result<Option<CallRow>, Error> {
    Ok(on!(tx, c => diesel::update(dsl::calls.find(call_sid))
        .set(dsl::call_sid.eq(call_sid))
        .returning(calls::all_columns)
        .cached()
        .get_result::<CallRow>(c)
        .await
        .optional())?)
}

/// Writes the row back, and what happened to the call: the last that is done to them before the commit.
pub async fn call_save(tx: &mut Tx, row: CallRow, lines: Vec<LineRow>) -> Result<(), Error> {
    if tx.assumes() {
        write_last!(tx, for row in [row] => diesel::insert_into(calls::table).values(row))?;
    } else {
        write_last!(tx, for row in [row] =>
            diesel::update(dsl::calls.find(row.call_sid.clone())).set(row).cached())?;
    }
    write_last!(tx, for line in lines =>
        diesel::insert_into(timeline::table).values(line).on_conflict(line::id).do_nothing())?;
    Ok(())
}

/// A call by its id or its CallSid.
pub async fn call_find(tx: &mut Tx, id: &str) -> Result<Option<CallRow>, Error> {
    Ok(on!(tx, c => dsl::calls
        .filter(dsl::call_sid.eq(id).or(dsl::id.eq(id)))
        .first::<CallRow>(c)
        .await
        .optional())?)
}

/// Whether a call of the tenant's, other than this one, rings the phone just now. `rings` is the tenant and the phone.
pub async fn call_rings(
    tx: &mut Tx,
    rings: (&str, &str),
    but: &str,
    since: Time,
) -> Result<bool, Error> {
    let found = on!(tx, c => ringing(since)
        .filter(dsl::tenant_id.eq(rings.0).and(dsl::dialled.eq(rings.1)))
        .filter(dsl::call_sid.ne(but))
        .select(dsl::call_sid)
        .first::<String>(c)
        .await
        .optional())?;
    Ok(found.is_some())
}

/// Where a caller's calls, other than this one, go on just now: the number that was called, and the one that it dials.
pub async fn call_hops(
    tx: &mut Tx,
    from: &str,
    but: &str,
    since: Time,
) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(tx, c => ringing(since)
        .filter(dsl::from_address.eq(from).and(dsl::call_sid.ne(but)))
        .select((dsl::to_address, dsl::dialled))
        .limit(100)
        .load::<(String, String)>(c)
        .await)?)
}

/// The calls that ring a phone.
#[diesel::dsl::auto_type(no_type_alias)]
fn ringing(since: Time) -> _ {
    let since: types::Time = types::Time(since);
    dsl::calls
        .filter(dsl::dialled.ne(""))
        .filter(dsl::dial_status.is_null())
        .filter(dsl::ended_at.is_null())
        .filter(dsl::started_at.gt(since))
}

/// What a list of calls is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only with this outcome; empty: only those that have none yet.
    pub outcome: Option<String>,
    /// Only what began at this time or later.
    pub since: Option<Time>,
    /// Only what began before this time.
    pub until: Option<Time>,
    /// Only what came from this address.
    pub from: Option<String>,
    /// Only what went to this address.
    pub to: Option<String>,
    /// Only what has this in its numbers or its ids.
    pub q: Option<String>,
    /// Only what comes after this call in the list, newest first.
    pub after: Option<(Time, String)>,
}

/// Calls, newest first; one more than `limit`, so that the caller sees whether there are more.
pub async fn call_list(tx: &mut Tx, filter: &Filter, limit: i64) -> Result<Vec<CallRow>, Error> {
    Ok(on!(tx, c => {
        let mut query = dsl::calls.into_boxed();
        if let Some(tenant) = &filter.tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        if let Some(outcome) = &filter.outcome {
            query = query.filter(dsl::outcome.eq(outcome));
        }
        if let Some(since) = filter.since {
            query = query.filter(dsl::started_at.ge(types::Time(since)));
        }
        if let Some(until) = filter.until {
            query = query.filter(dsl::started_at.lt(types::Time(until)));
        }
        if let Some(from) = &filter.from {
            query = query.filter(dsl::from_address.eq(from));
        }
        if let Some(to) = &filter.to {
            query = query.filter(dsl::to_address.eq(to));
        }
        if let Some(q) = &filter.q {
            let like = format!("%{}%", q.replace(['\\', '%', '_'], ""));
            let numbers = dsl::from_address.like(like.clone()).or(dsl::to_address.like(like));
            query = query.filter(numbers.or(dsl::call_sid.eq(q)).or(dsl::id.eq(q)));
        }
        if let Some((at, id)) = &filter.after {
            let at = types::Time(*at);
            query = query.filter(dsl::started_at.lt(at).or(dsl::started_at.eq(at).and(dsl::id.lt(id))));
        }
        query.order((dsl::started_at.desc(), dsl::id.desc())).limit(limit + 1).load::<CallRow>(c).await
    })?)
}

/// How many calls began in each quarter of an hour, with each outcome: `since` and `until` count quarters.
pub async fn call_counts(
    tx: &mut Tx,
    tenant: Option<&str>,
    since: i64,
    until: i64,
) -> Result<Vec<(i64, String, i64)>, Error> {
    Ok(on!(tx, c => {
        let mut query = dsl::calls
            .group_by((dsl::quarter, dsl::outcome))
            .select((dsl::quarter, dsl::outcome, diesel::dsl::count_star()))
            .filter(dsl::quarter.ge(since).and(dsl::quarter.lt(until)))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        query.load::<(i64, String, i64)>(c).await
    })?)
}

/// A call's timeline, the oldest line first: from its beginning, or what comes after this time and id.
pub async fn timeline_list(
    tx: &mut Tx,
    call_sid: &str,
    after: Option<(Time, String)>,
    limit: i64,
) -> Result<Vec<LineRow>, Error> {
    Ok(on!(tx, c => {
        let mut query = line::timeline.filter(line::call_sid.eq(call_sid)).into_boxed();
        if let Some((at, id)) = &after {
            let at = types::Time(*at);
            query = query.filter(line::at.gt(at).or(line::at.eq(at).and(line::id.gt(id))));
        }
        query.order((line::at.asc(), line::id.asc())).limit(limit).load::<LineRow>(c).await
    })?)
}
