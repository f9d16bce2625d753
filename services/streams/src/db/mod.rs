//! The table of sessions: one row for each stream that a call was offered.

mod call_ids;
mod inputs;
mod processes;
mod schema;

use clock::Time;
use diesel_migrations::embed_migrations;
use flow::Engine;
use store::prelude::*;
use store::types;
use store::{Error, Migrations, Tx, on};

pub use call_ids::{call_identify, calls_without_id, session_without_call_id};
pub use inputs::{Kept, inputs_of_calls, inputs_over, session_inputs, session_without_inputs};
pub use processes::{
    Process, process_remove, process_tell, processes, processes_forget, sessions_of_others,
};
use schema::sessions;
use schema::sessions::dsl;

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};

/// Why a session ended whose process is gone.
pub const LOST: &str = "lost";

/// The engine of a call from a page.
pub const BROWSER: &str = "browser";

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct SessionRow {
    /// Its path's last segment: nobody can guess it.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The account whose token signs the handshake.
    pub account_sid: String,
    /// The call.
    pub call_sid: String,
    /// `bot` or `assistant`.
    pub app: String,
    /// The flow that the number names; empty: none.
    pub flow: String,
    /// Counts the streams of a call, from 1.
    pub attempt: i64,
    /// Who hears and speaks: `media` or `relay`; `browser`: as `media`, without a telephone.
    pub engine: String,
    /// The `StreamOffer` that it answers, as protobuf.
    pub offer: Vec<u8>,
    /// `offered`, `live` or `ended`.
    pub status: String,
    /// Why it ended, as [`session::EndReason::as_str`] says it; empty before.
    pub reason: String,
    /// Twilio's id of the stream; empty before its start.
    pub stream_sid: String,
    /// The interview that it holds; empty before its first turn.
    pub interview_id: String,
    /// Who takes over after a transfer, E.164; empty: nobody.
    pub target: String,
    /// What a conversation remembers, as JSON, for the stream that follows a drop; empty: nothing.
    pub state: String,
    /// What whoever takes over hears before they are connected; empty: nothing.
    pub whisper: String,
    /// What a conversation came to, as JSON; empty: nothing, or nothing yet.
    pub result: String,
    /// When it was offered.
    pub offered_at: types::Time,
    /// When its socket opened.
    pub started_at: Option<types::Time>,
    /// When it ended.
    pub ended_at: Option<types::Time>,
    /// When whoever takes over was dialled.
    pub dialled_at: Option<types::Time>,
    /// When they have answered.
    pub taken_at: Option<types::Time>,
    /// Where its inputs are kept, to run the call again from them; empty: nowhere.
    pub inputs_key: String,
    /// Until when.
    pub inputs_until: Option<types::Time>,
    /// Which process holds it; empty before.
    pub process: String,
    /// The call's id, by which others know it too; empty: a version before has offered it, see [`calls_without_id`].
    pub call_id: String,
}

impl SessionRow {
    /// The number's voice app, as it is written.
    pub fn named(&self) -> String {
        match self.flow.as_str() {
            "" => self.app.clone(),
            flow => format!("{}:{flow}", self.app),
        }
    }

    /// Who hears and speaks.
    pub fn engine(&self) -> Engine {
        match self.engine.as_str() {
            "relay" => Engine::Relay,
            _ => Engine::Media,
        }
    }
}

/// Adds a session, unless there is one of this id.
pub async fn session_insert(tx: &mut Tx, row: &SessionRow) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(sessions::table)
        .values(row)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// The last session of a call.
pub async fn session_latest(tx: &mut Tx, call_sid: &str) -> Result<Option<SessionRow>, Error> {
    Ok(on!(tx, c => dsl::sessions
        .filter(dsl::call_sid.eq(call_sid))
        .order(dsl::attempt.desc())
        .first::<SessionRow>(c)
        .await
        .optional())?)
}

/// A session.
pub async fn session_find(tx: &mut Tx, id: &str) -> Result<Option<SessionRow>, Error> {
    Ok(on!(tx, c => dsl::sessions
        .find(id)
        .first::<SessionRow>(c)
        .await
        .optional())?)
}

/// A process takes an offered session: it is live from now on. False when another process has taken it before.
pub async fn session_claim(tx: &mut Tx, id: &str, process: &str, now: Time) -> Result<bool, Error> {
    let now: types::Time = now.into();
    let taken = on!(tx, c => diesel::update(dsl::sessions.find(id).filter(dsl::status.eq("offered")))
        .set((dsl::status.eq("live"), dsl::started_at.eq(Some(now)), dsl::process.eq(process)))
        .execute(c)
        .await)?;
    Ok(taken == 1)
}

/// Gives a live session to another process, since a time: what a test does to it.
pub async fn session_give(tx: &mut Tx, id: &str, process: &str, since: Time) -> Result<(), Error> {
    let since: types::Time = since.into();
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set((dsl::process.eq(process), dsl::started_at.eq(Some(since))))
        .execute(c)
        .await)?;
    Ok(())
}

/// Keeps what a conversation remembers.
pub async fn session_remember(tx: &mut Tx, id: &str, state: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set(dsl::state.eq(state))
        .execute(c)
        .await)?;
    Ok(())
}

/// What a session came to.
#[derive(Debug, Clone, Default)]
pub struct Ending<'a> {
    /// Why it ended.
    pub reason: &'a str,
    /// Twilio's id of the stream.
    pub stream_sid: &'a str,
    /// The interview that it held.
    pub interview_id: &'a str,
    /// Who takes over.
    pub target: &'a str,
    /// What they hear before.
    pub whisper: &'a str,
    /// What a conversation remembers.
    pub state: &'a str,
    /// What it came to.
    pub result: &'a str,
}

/// What became of an end that was to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is the session's end.
    Now,
    /// The session was taken for lost, and told so; it has lived on until now.
    AfterLost,
    /// It had ended before, or is forgotten.
    Before,
}

#[derive(AsChangeset)]
#[diesel(table_name = sessions)]
struct Over<'a> {
    status: &'a str,
    reason: &'a str,
    stream_sid: &'a str,
    interview_id: &'a str,
    target: &'a str,
    whisper: &'a str,
    state: &'a str,
    result: &'a str,
    ended_at: types::Time,
}

/// Ends a session, once; but what a session came to that was only taken for lost is kept.
pub async fn session_end(
    tx: &mut Tx,
    id: &str,
    ending: &Ending<'_>,
    now: Time,
) -> Result<Ended, Error> {
    let over = Over {
        status: "ended",
        reason: ending.reason,
        stream_sid: ending.stream_sid,
        interview_id: ending.interview_id,
        target: ending.target,
        whisper: ending.whisper,
        state: ending.state,
        result: ending.result,
        ended_at: now.into(),
    };
    let over = &over;
    let ended = on!(tx, c => diesel::update(dsl::sessions.find(id).filter(dsl::status.ne("ended")))
        .set(over)
        .execute(c)
        .await)?;
    if ended == 1 {
        return Ok(Ended::Now);
    }
    let late = on!(tx, c => diesel::update(dsl::sessions.find(id).filter(dsl::reason.eq(LOST)))
        .set(over)
        .execute(c)
        .await)?;
    Ok(match late == 1 && ending.reason != LOST {
        true => Ended::AfterLost,
        false => Ended::Before,
    })
}

/// Whoever takes over is being dialled.
pub async fn session_dialled(tx: &mut Tx, id: &str, now: Time) -> Result<(), Error> {
    let now: types::Time = now.into();
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set(dsl::dialled_at.eq(Some(now)))
        .execute(c)
        .await)?;
    Ok(())
}

/// Whoever takes over has answered.
pub async fn session_taken(tx: &mut Tx, id: &str, now: Time) -> Result<(), Error> {
    let now: types::Time = now.into();
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set(dsl::taken_at.eq(Some(now)))
        .execute(c)
        .await)?;
    Ok(())
}

/// Keeps what a conversation came to.
pub async fn session_result(tx: &mut Tx, id: &str, result: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set(dsl::result.eq(result))
        .execute(c)
        .await)?;
    Ok(())
}

/// The sessions of a call, by its id or its CallSid, the first one first.
pub async fn sessions_of_call(tx: &mut Tx, call: &str) -> Result<Vec<SessionRow>, Error> {
    Ok(on!(tx, c => dsl::sessions
        .filter(dsl::call_sid.eq(call).or(dsl::call_id.eq(call)))
        .order(dsl::attempt.asc())
        .load::<SessionRow>(c)
        .await)?)
}

/// Forgets the sessions of these calls; says how many there were.
pub async fn sessions_remove(tx: &mut Tx, call_sids: &[String]) -> Result<usize, Error> {
    Ok(
        on!(tx, c => diesel::delete(dsl::sessions.filter(dsl::call_sid.eq_any(call_sids)))
        .execute(c)
        .await)?,
    )
}

/// Forgets a tenant's sessions that ended and were offered before a time; says which of them kept inputs.
pub async fn sessions_expire(tx: &mut Tx, tenant: &str, before: Time) -> Result<Vec<Kept>, Error> {
    let kept = on!(tx, c => over(tenant.to_owned(), before)
        .filter(dsl::inputs_key.ne(""))
        .select((dsl::id, dsl::inputs_key))
        .load::<Kept>(c)
        .await)?;
    on!(tx, c => diesel::delete(over(tenant.to_owned(), before)).execute(c).await)?;
    Ok(kept)
}

/// A tenant's sessions that ended, or never began, and were offered before a time.
#[diesel::dsl::auto_type(no_type_alias)]
fn over(tenant: String, before: Time) -> _ {
    let before: types::Time = types::Time(before);
    dsl::sessions
        .filter(dsl::tenant_id.eq(tenant).and(dsl::offered_at.lt(before)))
        .filter(dsl::ended_at.is_not_null().or(dsl::status.eq("offered")))
}
