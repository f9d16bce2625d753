//! The turns of calls on a stream: how long each part of an answer took.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::{calls, turns};

/// A turn.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = turns, treat_none_as_default_value = false)]
pub struct TurnRow {
    /// Of the session and the turn's number.
    pub id: String,
    /// Its call.
    pub call_sid: String,
    /// When it was over.
    pub at: types::Time,
    /// From the end of the utterance to its words.
    pub transcription_ms: Option<i64>,
    /// From the words to what is answered.
    pub decision_ms: Option<i64>,
    /// From there to the first byte of speech.
    pub speech_ms: Option<i64>,
    /// From the caller's last sound to our first.
    pub response_ms: Option<i64>,
    /// Whether the caller spoke into it.
    pub interrupted: bool,
}

/// The milliseconds of a turn: transcription, decision, speech, the whole response; and whether it was interrupted.
pub type Turn = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, bool);

/// Adds a turn, once.
pub async fn turn_insert(tx: &mut Tx, row: &TurnRow) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(turns::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// The turns of a time, the latest first, of one tenant or of all.
pub async fn turn_list(
    tx: &mut Tx,
    tenant: Option<&str>,
    (since, until): (Time, Time),
    limit: i64,
) -> Result<Vec<Turn>, Error> {
    Ok(on!(tx, c => {
        let mut query = turns::table
            .inner_join(calls::table)
            .filter(turns::at.ge(types::Time(since)).and(turns::at.lt(types::Time(until))))
            .select((
                turns::transcription_ms,
                turns::decision_ms,
                turns::speech_ms,
                turns::response_ms,
                turns::interrupted,
            ))
            .order(turns::at.desc())
            .limit(limit)
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(calls::tenant_id.eq(tenant));
        }
        query.load::<Turn>(c).await
    })?)
}
