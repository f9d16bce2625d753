//! The ledger: one row for each effect, from before Twilio is asked until the outcome is known.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::effects::{self, dsl};

/// Where an effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// An attempt is under way, or its process died.
    Started,
    /// An attempt ended without an answer: it may have been done.
    Unknown,
    /// Every attempt surely did nothing; there will be another.
    Waiting,
    /// Done, once.
    Done,
    /// It will never be done.
    Refused,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Unknown => "unknown",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = effects, treat_none_as_default_value = false)]
pub(crate) struct Entry {
    /// The command's type.
    pub kind: String,
    /// The effect's identity within its kind: the same id is done at most once.
    pub id: String,
    /// Sorts the ledger by time.
    pub entry: String,
    /// The id of the command event that the last attempt followed.
    pub cause: String,
    pub tenant_id: String,
    pub account_sid: String,
    /// What tells effects apart at Twilio: two with the same one look the same there.
    pub fingerprint: String,
    /// Redacted.
    pub sender: String,
    /// Redacted.
    pub recipient: String,
    pub state: String,
    /// How often it was begun; who holds this number holds the effect.
    pub attempts: i64,
    /// Whether Twilio itself refused it.
    pub asked: bool,
    /// Whether it was found at Twilio, not answered.
    pub reconciled: bool,
    /// What Twilio made.
    pub sid: Option<String>,
    /// Twilio's first word on it.
    pub status: Option<String>,
    /// What else the outcome needs.
    pub detail: Option<String>,
    /// Twilio's code.
    pub code: i64,
    /// Why it was refused, in a word.
    pub reason: Option<String>,
    /// The beginning of the first attempt that may have been done.
    pub started_at: types::Time,
    /// Until when only the holder may act.
    pub lease_until: types::Time,
    pub settled_at: Option<types::Time>,
    /// Until when it is looked for, if its outcome is unknown, before it is repeated.
    pub doubt_until: Option<types::Time>,
    /// What Twilio's own callback calls it, where that came while the outcome was unknown.
    pub witness: Option<String>,
    /// Whether it was asked for again in doubt: it may have been done twice.
    pub repeated: bool,
    /// Whether it is in what its tenant has spent: each effect counts once, however often it is tried.
    pub counted: bool,
}

impl Entry {
    /// Where the effect is. A word that this version does not know counts as unknown: looking is never wrong.
    pub(crate) fn state(&self) -> State {
        [State::Started, State::Waiting, State::Done, State::Refused]
            .into_iter()
            .find(|state| state.as_str() == self.state)
            .unwrap_or(State::Unknown)
    }

    /// Whether the outcome is known.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.state(), State::Done | State::Refused)
    }

    /// Whether Twilio may have done it already.
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self.state(), State::Started | State::Unknown)
    }
}

/// One effect.
pub(crate) async fn find(tx: &mut Tx, kind: &str, id: &str) -> Result<Option<Entry>, Error> {
    Ok(on!(tx, c => dsl::effects.find((kind, id)).first::<Entry>(c).await.optional())?)
}

/// Takes the effect: `next` is its row as it will be, `seen` the row as it was found. False when another attempt
/// was faster, or when an effect that looks the same at Twilio is under way.
pub(crate) async fn claim(
    tx: &mut Tx,
    next: &Entry,
    seen: Option<&Entry>,
    now: Time,
) -> Result<bool, Error> {
    let now = types::Time(now);
    // One whose process died blocks no other.
    let left_behind = dsl::effects
        .filter(dsl::fingerprint.eq(&next.fingerprint))
        .filter(dsl::state.eq(State::Started.as_str()))
        .filter(dsl::lease_until.le(now))
        .filter(dsl::entry.ne(&next.entry));
    on!(tx, c => diesel::update(left_behind)
        .set(dsl::state.eq(State::Unknown.as_str()))
        .cached()
        .execute(c)
        .await)?;
    let Some(seen) = seen else {
        let rows = on!(tx, c => diesel::insert_into(dsl::effects)
            .values(next)
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
        return Ok(rows == 1);
    };
    let row = dsl::effects
        .find((&next.kind, &next.id))
        .filter(dsl::attempts.eq(seen.attempts))
        .filter(dsl::state.eq(&seen.state))
        .filter(dsl::lease_until.le(now));
    let rows = on!(tx, c => diesel::update(row)
        .set((
            dsl::state.eq(&next.state),
            dsl::attempts.eq(next.attempts),
            dsl::started_at.eq(next.started_at),
            dsl::lease_until.eq(next.lease_until),
            dsl::cause.eq(&next.cause),
            dsl::doubt_until.eq(next.doubt_until),
        ))
        .cached()
        .execute(c)
        .await);
    match rows.map_err(Error::from) {
        Ok(rows) => Ok(rows == 1),
        Err(e) if e.is_duplicate() => Ok(false),
        Err(e) => Err(e),
    }
}

/// Holds an effect for longer, and notes that it is counted. False when another attempt has taken it.
pub(crate) async fn extend(tx: &mut Tx, held: &Entry, lease_until: Time) -> Result<bool, Error> {
    let row = dsl::effects
        .find((&held.kind, &held.id))
        .filter(dsl::attempts.eq(held.attempts))
        .filter(dsl::state.eq(State::Started.as_str()));
    let rows = on!(tx, c => diesel::update(row)
        .set((dsl::lease_until.eq(types::Time(lease_until)), dsl::counted.eq(true)))
        .cached()
        .execute(c)
        .await)?;
    Ok(rows == 1)
}

/// Releases an effect whose outcome is not known yet. It may be taken again from `lease_until` on.
pub(crate) async fn release(
    tx: &mut Tx,
    held: &Entry,
    state: State,
    lease_until: Time,
) -> Result<(), Error> {
    let row = dsl::effects
        .find((&held.kind, &held.id))
        .filter(dsl::attempts.eq(held.attempts))
        .filter(dsl::state.eq(State::Started.as_str()));
    on!(tx, c => diesel::update(row)
        .set((dsl::state.eq(state.as_str()), dsl::lease_until.eq(types::Time(lease_until))))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// Writes the outcome down. False when another attempt settled it meanwhile.
pub(crate) async fn settle(tx: &mut Tx, settled: &Entry) -> Result<bool, Error> {
    let row = dsl::effects
        .find((&settled.kind, &settled.id))
        .filter(dsl::state.ne_all([State::Done.as_str(), State::Refused.as_str()]));
    let rows = on!(tx, c => diesel::update(row)
        .set((
            dsl::state.eq(&settled.state),
            dsl::asked.eq(settled.asked),
            dsl::reconciled.eq(settled.reconciled),
            dsl::repeated.eq(settled.repeated),
            dsl::sid.eq(&settled.sid),
            dsl::status.eq(&settled.status),
            dsl::detail.eq(&settled.detail),
            dsl::code.eq(settled.code),
            dsl::reason.eq(&settled.reason),
            dsl::settled_at.eq(settled.settled_at),
            dsl::lease_until.eq(settled.lease_until),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(rows == 1)
}

/// Twilio has told of an effect's SID: keeps it while the outcome is not known, and gives the effect if it has another one already.
pub(crate) async fn witness(
    tx: &mut Tx,
    (kind, id): (&str, &str),
    account_sid: &str,
    sid: &str,
) -> Result<Option<Entry>, Error> {
    let untold = dsl::effects
        .find((kind, id))
        .filter(dsl::account_sid.eq(account_sid))
        .filter(dsl::sid.is_null())
        .filter(dsl::witness.is_null());
    on!(tx, c => diesel::update(untold)
        .set(dsl::witness.eq(sid))
        .execute(c)
        .await)?;
    Ok(on!(tx, c => dsl::effects
        .find((kind, id))
        .filter(dsl::account_sid.eq(account_sid))
        .filter(dsl::sid.is_not_null())
        .filter(dsl::sid.ne(sid))
        .first::<Entry>(c)
        .await
        .optional())?)
}

/// Forgets what was settled, or begun, before this time. Gives how many.
pub(crate) async fn sweep(tx: &mut Tx, before: Time) -> Result<usize, Error> {
    let before = types::Time(before);
    let settled = dsl::effects.filter(dsl::settled_at.lt(before));
    let settled = on!(tx, c => diesel::delete(settled).execute(c).await)?;
    let left = dsl::effects
        .filter(dsl::settled_at.is_null())
        .filter(dsl::started_at.lt(before));
    let left = on!(tx, c => diesel::delete(left).execute(c).await)?;
    Ok(settled + left)
}

/// Those of `sids` that belong to effects already.
pub(crate) async fn taken(tx: &mut Tx, kind: &str, sids: &[String]) -> Result<Vec<String>, Error> {
    let rows = dsl::effects
        .filter(dsl::kind.eq(kind))
        .filter(dsl::sid.eq_any(sids))
        .select(dsl::sid.assume_not_null());
    Ok(on!(tx, c => rows.load::<String>(c).await)?)
}

/// Releases everything that was under way, for the start of the only process there is.
pub(crate) async fn recover_leases(tx: &mut Tx, lease_until: Time) -> Result<usize, Error> {
    let rows = dsl::effects.filter(dsl::state.eq(State::Started.as_str()));
    Ok(on!(tx, c => diesel::update(rows)
        .set((
            dsl::state.eq(State::Unknown.as_str()),
            dsl::lease_until.eq(types::Time(lease_until)),
        ))
        .cached()
        .execute(c)
        .await)?)
}

/// The ledger, the newest first: what is older than `before`, of one tenant or of all.
pub(crate) async fn list(
    tx: &mut Tx,
    tenant: Option<&str>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    // Every entry is a ULID and begins with a digit.
    let rows = dsl::effects
        .filter(dsl::entry.lt(before.unwrap_or("z")))
        .order(dsl::entry.desc())
        .limit(limit);
    Ok(match tenant {
        Some(tenant) => {
            let rows = rows.filter(dsl::tenant_id.eq(tenant));
            on!(tx, c => rows.load::<Entry>(c).await)?
        }
        None => on!(tx, c => rows.load::<Entry>(c).await)?,
    })
}
