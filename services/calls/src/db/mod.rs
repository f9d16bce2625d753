//! The tables of calls: one row a call, and what happened to it.

mod schema;

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
    /// Whether he did.
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
/// one after the other. Says whether it was new.
pub async fn call_open(tx: &mut Tx, new: &CallRow) -> Result<(CallRow, bool), Error> {
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
    write_last!(tx, for row in [row] =>
        diesel::update(dsl::calls.find(row.call_sid.clone())).set(row).cached())?;
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

/// What a list of calls is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only with this outcome.
    pub outcome: Option<String>,
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
        if let Some((at, id)) = &filter.after {
            let at = types::Time(*at);
            query = query.filter(dsl::started_at.lt(at).or(dsl::started_at.eq(at).and(dsl::id.lt(id))));
        }
        query.order((dsl::started_at.desc(), dsl::id.desc())).limit(limit + 1).load::<CallRow>(c).await
    })?)
}

/// A call's timeline, in order.
pub async fn timeline_list(tx: &mut Tx, call_sid: &str) -> Result<Vec<LineRow>, Error> {
    Ok(on!(tx, c => line::timeline
        .filter(line::call_sid.eq(call_sid))
        .order((line::at.asc(), line::id.asc()))
        .limit(1000)
        .load::<LineRow>(c)
        .await)?)
}
