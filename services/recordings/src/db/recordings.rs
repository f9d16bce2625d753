//! Recordings: a row each, from the first that is heard of it to its deletion and after.

use clock::Time;
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::schema::recordings::{self, dsl};

/// A recording as it is kept.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = recordings, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct RecordingRow {
    /// Ours, derived from what it is a recording of.
    pub id: String,
    /// Its call.
    pub call_sid: String,
    /// Whose it is; empty while its call is not known.
    pub tenant_id: String,
    /// The account that told of it.
    pub account_sid: String,
    /// Twilio's id; empty for what was never at Twilio.
    pub recording_sid: String,
    /// `user`, `assistant`, `mixed` or `twilio`.
    pub recording_type: String,
    /// Twilio's word for how it was begun: `RecordVerb`, `DialVerb`, ...; `live` for a track of ours.
    pub source: String,
    /// `in-progress`, `processing`, `completed`, `absent`, `failed` or `deleted`.
    pub status: String,
    /// Twilio's last word, never going back.
    pub twilio_status: String,
    /// `wav` or `mp3`, once it is stored.
    pub format: String,
    /// 1 or 2; 0: not known yet.
    pub channels: i64,
    /// By its samples, once it is stored; Twilio's word before.
    pub duration_ms: Option<i64>,
    /// Of the file.
    pub size_bytes: Option<i64>,
    /// Of the file, hex.
    pub sha256: String,
    /// The object; empty until it is stored and after it was deleted.
    pub object_key: String,
    /// The waveform's peaks; empty: there are none.
    pub peaks_key: String,
    /// What else is known: `source`, `original_source`, `reason`, ...
    pub metadata: Json,
    /// When its sound begins, or when it was heard of first.
    pub started_at: types::Time,
    /// When it was stored.
    pub stored_at: Option<types::Time>,
    /// When its time is over.
    pub delete_at: Option<types::Time>,
    /// Grows with each change.
    pub version: i64,
    /// When its file is moved to another storage class.
    pub move_at: Option<types::Time>,
    /// What was said, in words; empty: there is none.
    pub transcript_key: String,
}

/// The recording's row, made if it is new, and locked until the transaction ends.
pub async fn recording_open(tx: &mut Tx, new: &RecordingRow) -> Result<RecordingRow, Error> {
    let fresh = on!(tx, c => diesel::insert_into(recordings::table)
        .values(new)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 1 {
        return Ok(new.clone());
    }
    let row = recording_lock(tx, &new.id).await?;
    Ok(row.unwrap_or_else(|| new.clone()))
}

/// A recording by its id, locked.
pub async fn recording_lock(tx: &mut Tx, id: &str) -> Result<Option<RecordingRow>, Error> {
    Ok(on!(tx, c => diesel::update(dsl::recordings.find(id))
        .set(dsl::id.eq(id))
        .returning(recordings::all_columns)
        .get_result::<RecordingRow>(c)
        .await
        .optional())?)
}

/// The recordings of a call, locked.
pub async fn recordings_lock(tx: &mut Tx, call_sid: &str) -> Result<Vec<RecordingRow>, Error> {
    Ok(
        on!(tx, c => diesel::update(dsl::recordings.filter(dsl::call_sid.eq(call_sid)))
        .set(dsl::call_sid.eq(call_sid))
        .returning(recordings::all_columns)
        .get_results::<RecordingRow>(c)
        .await)?,
    )
}

/// Writes a row back.
pub async fn recording_save(tx: &mut Tx, row: &RecordingRow) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::recordings.find(&row.id)).set(row).execute(c).await)?;
    Ok(())
}

/// Forgets a row: what it told of was never ours.
pub async fn recording_remove(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(dsl::recordings.find(id)).execute(c).await)?;
    Ok(())
}

/// A recording of a call, by its id or Twilio's.
pub async fn recording_find(
    tx: &mut Tx,
    call_sid: &str,
    id: &str,
) -> Result<Option<RecordingRow>, Error> {
    Ok(on!(tx, c => dsl::recordings
        .filter(dsl::call_sid.eq(call_sid))
        .filter(dsl::id.eq(id).or(dsl::recording_sid.eq(id)))
        .order(dsl::id.asc())
        .first::<RecordingRow>(c)
        .await
        .optional())?)
}

/// The recordings of a call, the oldest first.
pub async fn recording_list(tx: &mut Tx, call_sid: &str) -> Result<Vec<RecordingRow>, Error> {
    Ok(on!(tx, c => dsl::recordings
        .filter(dsl::call_sid.eq(call_sid))
        .order((dsl::started_at.asc(), dsl::id.asc()))
        .load::<RecordingRow>(c)
        .await)?)
}

/// Recordings whose time is over, those that are overdue longest first.
pub async fn recording_due(tx: &mut Tx, now: Time, limit: i64) -> Result<Vec<RecordingRow>, Error> {
    Ok(on!(tx, c => dsl::recordings
        .filter(dsl::delete_at.le(types::Time(now)))
        .order((dsl::delete_at.asc(), dsl::id.asc()))
        .limit(limit)
        .load::<RecordingRow>(c)
        .await)?)
}

/// Recordings whose file is to be moved to another storage class, those that are overdue longest first.
pub async fn recording_to_move(
    tx: &mut Tx,
    now: Time,
    limit: i64,
) -> Result<Vec<RecordingRow>, Error> {
    Ok(on!(tx, c => dsl::recordings
        .filter(dsl::move_at.le(types::Time(now)))
        .order((dsl::move_at.asc(), dsl::id.asc()))
        .limit(limit)
        .load::<RecordingRow>(c)
        .await)?)
}

/// Since when the recording has waited that is longest on its way to the store.
pub async fn recording_oldest_unstored(tx: &mut Tx) -> Result<Option<Time>, Error> {
    let found = on!(tx, c => dsl::recordings
        .filter(dsl::status.eq("processing"))
        .order(dsl::started_at.asc())
        .select(dsl::started_at)
        .first::<types::Time>(c)
        .await
        .optional())?;
    Ok(found.map(|at| at.0))
}
