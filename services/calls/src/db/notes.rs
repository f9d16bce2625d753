//! Diagnostic lines: what processes note of webhooks, effects and provider calls.

use clock::Time;
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on, write_last};

use super::schema::notes::{self, dsl};

/// A diagnostic line.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = notes, treat_none_as_default_value = false)]
pub struct NoteRow {
    /// Derived from the batch that it came in.
    pub id: String,
    /// Whose it is; empty: nobody's that is known.
    pub tenant_id: String,
    /// The CallSid or MessageSid that it belongs to; empty: none is known.
    pub key: String,
    /// When it began.
    pub at: types::Time,
    /// The role that noted it.
    pub role: String,
    /// `webhook`, `effect`, `provider`.
    pub kind: String,
    /// Which.
    pub what: String,
    /// Of a webhook: whether its signature was right.
    pub verdict: String,
    /// How long it took.
    pub took_ms: Option<i64>,
    /// The facts.
    pub detail: Json,
    /// A webhook's parameters as they came, where its tenant allows it; else empty.
    pub parameters: String,
    /// Until when those are kept.
    pub parameters_until: Option<types::Time>,
}

/// What a list of webhooks is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct NoteFilter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only with this verdict.
    pub verdict: Option<String>,
    /// Only of this call or message.
    pub key: Option<String>,
    /// Only what comes after this one in the list, newest first.
    pub after: Option<(Time, String)>,
}

/// How many lines there are of each of these calls and messages.
pub async fn note_counts(tx: &mut Tx, keys: &[String]) -> Result<Vec<(String, i64)>, Error> {
    Ok(on!(tx, c => dsl::notes
        .filter(dsl::key.eq_any(keys))
        .group_by(dsl::key)
        .select((dsl::key, diesel::dsl::count_star()))
        .load::<(String, i64)>(c)
        .await)?)
}

/// Keeps lines: the last that is done before the commit.
pub async fn note_add(tx: &mut Tx, rows: Vec<NoteRow>) -> Result<(), Error> {
    write_last!(tx, for row in rows =>
        diesel::insert_into(notes::table).values(row).on_conflict(dsl::id).do_nothing())?;
    Ok(())
}

/// The lines of a call, the oldest first: the tenant's, and those that nobody's name is on. From the first, or what comes
/// after this time and id. `whose` is the call and its tenant.
pub async fn note_list(
    tx: &mut Tx,
    whose: (&str, &str),
    after: Option<(Time, String)>,
    limit: i64,
) -> Result<Vec<NoteRow>, Error> {
    let (call_sid, tenant) = whose;
    Ok(on!(tx, c => {
        let mut query = dsl::notes
            .filter(dsl::key.eq(call_sid).and(dsl::tenant_id.eq(tenant).or(dsl::tenant_id.eq(""))))
            .into_boxed();
        if let Some((at, id)) = &after {
            let at = types::Time(*at);
            query = query.filter(dsl::at.gt(at).or(dsl::at.eq(at).and(dsl::id.gt(id))));
        }
        query.order((dsl::at.asc(), dsl::id.asc())).limit(limit).load::<NoteRow>(c).await
    })?)
}

/// One line.
pub async fn note_find(tx: &mut Tx, id: &str) -> Result<Option<NoteRow>, Error> {
    Ok(on!(tx, c => dsl::notes
        .find(id)
        .first::<NoteRow>(c)
        .await
        .optional())?)
}

/// Webhooks, newest first; one more than `limit`, so that the caller sees whether there are more.
pub async fn webhook_list(
    tx: &mut Tx,
    filter: &NoteFilter,
    limit: i64,
) -> Result<Vec<NoteRow>, Error> {
    Ok(on!(tx, c => {
        let mut query = dsl::notes.filter(dsl::kind.eq("webhook")).into_boxed();
        if let Some(tenant) = &filter.tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        if let Some(verdict) = &filter.verdict {
            query = query.filter(dsl::verdict.eq(verdict));
        }
        if let Some(key) = &filter.key {
            query = query.filter(dsl::key.eq(key));
        }
        if let Some((at, id)) = &filter.after {
            let at = types::Time(*at);
            query = query.filter(dsl::at.lt(at).or(dsl::at.eq(at).and(dsl::id.lt(id))));
        }
        query.order((dsl::at.desc(), dsl::id.desc())).limit(limit + 1).load::<NoteRow>(c).await
    })?)
}

/// Forgets parameters whose time is over, and lines that are older than `before`; says how many lines went.
pub async fn note_sweep(tx: &mut Tx, now: Time, before: Time) -> Result<usize, Error> {
    let over = dsl::notes.filter(dsl::parameters_until.lt(types::Time(now)));
    on!(tx, c => diesel::update(over)
        .set((dsl::parameters.eq(""), dsl::parameters_until.eq(None::<types::Time>)))
        .execute(c)
        .await)?;
    let old = dsl::notes.filter(dsl::at.lt(types::Time(before)));
    Ok(on!(tx, c => diesel::delete(old).execute(c).await)?)
}
