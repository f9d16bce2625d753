//! What is known of the recordings of calls: a copy of what their owner has told, to be shown with the call.

use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::LineRow;
use super::schema::recordings::{self, dsl};
use super::schema::timeline;

/// A recording as it was told of last.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = recordings, treat_none_as_default_value = false)]
pub struct RecordingRow {
    /// Its id.
    pub id: String,
    /// Its call.
    pub call_sid: String,
    /// Whose it is.
    pub tenant_id: String,
    /// Grows with each change.
    pub version: i64,
    /// When it was told.
    pub at: types::Time,
    /// As the outside sees it.
    pub shape: Json,
}

/// Keeps a recording, unless something newer is known of it.
pub async fn recording_save(tx: &mut Tx, row: RecordingRow) -> Result<(), Error> {
    let fresh = on!(tx, c => diesel::insert_into(recordings::table)
        .values(&row)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 0 {
        on!(tx, c => diesel::update(dsl::recordings.filter(dsl::id.eq(&row.id).and(dsl::version.lt(row.version))))
            .set(&row)
            .execute(c)
            .await)?;
    }
    Ok(())
}

/// Adds a line to a call's timeline.
pub async fn line_add(tx: &mut Tx, line: LineRow) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(timeline::table)
        .values(&line)
        .on_conflict(timeline::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// The recordings of some calls, the oldest first.
pub async fn recording_list(tx: &mut Tx, call_sids: &[String]) -> Result<Vec<RecordingRow>, Error> {
    Ok(on!(tx, c => dsl::recordings
        .filter(dsl::call_sid.eq_any(call_sids))
        .order((dsl::at.asc(), dsl::id.asc()))
        .load::<RecordingRow>(c)
        .await)?)
}
