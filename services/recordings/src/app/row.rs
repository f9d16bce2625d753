//! A recording's row: made, changed, told.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use clock::Time;
use events::v1::{Recording, RecordingAbsent, RecordingFetch, RecordingStored};
use role::{Decision, OutgoingEvent, call_id, derive_id};
use serde_json::{Value, json};
use store::types::Json;

use crate::db::{CallRow, RecordingRow, Settings};

/// How the answers of interviews are recorded. Each is a recording of its own, not one of the call.
pub const ANSWER: &str = "RecordVerb";
/// The source of a track that was recorded while the call went on.
pub const LIVE: &str = "live";
/// The status of a row that has become a part of another one; it is shown to nobody.
pub const MERGED: &str = "merged";

/// The id of Twilio's recording. The account that tells of it is a part of it: another one's callback is about another row.
pub fn id_of_sid(account_sid: &str, recording_sid: &str) -> String {
    derive_id(&["recording", account_sid, recording_sid])
}

/// The id of a live track; `part` counts the streams of a call whose stream was interrupted.
pub fn id_of_track(call_sid: &str, recording_type: &str, part: u32) -> String {
    match part {
        0 | 1 => derive_id(&["track", call_sid, recording_type]),
        part => derive_id(&["track", call_sid, recording_type, &part.to_string()]),
    }
}

/// A row of which nothing is known but what it is about.
pub fn blank(id: String, call_sid: &str, at: Time) -> RecordingRow {
    RecordingRow {
        id,
        call_sid: call_sid.to_owned(),
        tenant_id: String::new(),
        account_sid: String::new(),
        recording_sid: String::new(),
        recording_type: "twilio".to_owned(),
        source: String::new(),
        status: "in-progress".to_owned(),
        twilio_status: String::new(),
        format: String::new(),
        channels: 0,
        duration_ms: None,
        size_bytes: None,
        sha256: String::new(),
        object_key: String::new(),
        peaks_key: String::new(),
        metadata: Json(json!({})),
        started_at: at.into(),
        stored_at: None,
        delete_at: None,
        version: 0,
        move_at: None,
        transcript_key: String::new(),
    }
}

/// What a row notes that goes when the hold is lifted.
pub const AWAITED: &str = "erased_after_hold";

/// Whether it is Twilio's recording of the whole call.
pub fn is_of_call(row: &RecordingRow) -> bool {
    !row.recording_sid.is_empty() && row.source != ANSWER && row.status != MERGED
}

/// Notes something that has no column.
pub fn note(row: &mut RecordingRow, name: &str, value: impl Into<Value>) {
    if let Value::Object(known) = &mut row.metadata.0 {
        known.insert(name.to_owned(), value.into());
    }
}

/// When its time is over; none: never.
fn delete_at(settings: &Settings, stored_at: Time) -> Option<Time> {
    (settings.retention_days > 0)
        .then(|| stored_at + Duration::days(i64::from(settings.retention_days)))
}

/// When its file is moved to another storage class; none: never.
fn move_at(settings: &Settings, stored_at: Time) -> Option<Time> {
    (!settings.storage_class.is_empty())
        .then(|| stored_at + Duration::days(i64::from(settings.storage_class_after_days)))
}

/// Whether it goes when the hold is lifted.
pub fn awaits_the_end_of_the_hold(row: &RecordingRow) -> bool {
    row.metadata.0[AWAITED] == true
}

/// Says until when a file that was just stored is kept, and when it is moved; one that goes when a hold is lifted keeps its own time.
pub fn keep(row: &mut RecordingRow, settings: &Settings, stored_at: Time) {
    row.move_at = move_at(settings, stored_at).map(Into::into);
    if !awaits_the_end_of_the_hold(row) {
        row.delete_at = delete_at(settings, stored_at).map(Into::into);
    }
}

/// What a call's settings are.
pub fn settings(call: Option<&CallRow>) -> Settings {
    call.and_then(|call| call.settings.read().ok())
        .unwrap_or_default()
}

/// Orders the file from Twilio. However often it is ordered it is one command.
pub fn fetch(row: &RecordingRow, settings: &Settings, expires_at: Time) -> Decision {
    let url = row.metadata.0["url"].as_str().unwrap_or_default();
    let command = RecordingFetch {
        recording_id: row.id.clone(),
        recording_sid: row.recording_sid.clone(),
        call_sid: row.call_sid.clone(),
        tenant_id: row.tenant_id.clone(),
        account_sid: row.account_sid.clone(),
        url: url.to_owned(),
        // Answers are transcribed, and that reads WAV.
        format: if row.source == ANSWER || settings.format.is_empty() {
            "wav".to_owned()
        } else {
            settings.format.clone()
        },
        channels: u32::try_from(row.channels).unwrap_or_default(),
        duration_s: row.duration_ms.and_then(|ms| u32::try_from(ms / 1000).ok()),
        expires_at: text(expires_at),
        encryption: settings.encryption.clone(),
        kms_key: settings.kms_key.clone(),
    };
    Decision::nothing().publish(
        OutgoingEvent::new(&command)
            .id(derive_id(&["recording.fetch", &row.id]))
            .key(row.call_sid.clone())
            .tenant(row.tenant_id.clone()),
    )
}

/// Tells that it is stored.
pub fn tell_stored(row: &RecordingRow) -> Decision {
    let recording = Some(told(row));
    Decision::nothing().publish(
        OutgoingEvent::new(&RecordingStored { recording })
            .key(row.call_sid.clone())
            .tenant(row.tenant_id.clone()),
    )
}

/// Tells that it will not be there.
pub fn tell_absent(row: &RecordingRow) -> Decision {
    let recording = Some(told(row));
    Decision::nothing().publish(
        OutgoingEvent::new(&RecordingAbsent { recording })
            .key(row.call_sid.clone())
            .tenant(row.tenant_id.clone()),
    )
}

/// As it is told to others.
pub fn told(row: &RecordingRow) -> Recording {
    Recording {
        id: row.id.clone(),
        call_id: call_id(&row.call_sid),
        call_sid: row.call_sid.clone(),
        tenant_id: row.tenant_id.clone(),
        account_sid: row.account_sid.clone(),
        recording_type: row.recording_type.clone(),
        recording_source: "s3".to_owned(),
        status: row.status.clone(),
        format: row.format.clone(),
        channels: u32::try_from(row.channels).unwrap_or_default(),
        duration_ms: row.duration_ms.and_then(|ms| u32::try_from(ms).ok()),
        size_bytes: row.size_bytes.and_then(|size| u64::try_from(size).ok()),
        sha256: row.sha256.clone(),
        recording_sid: row.recording_sid.clone(),
        key: row.object_key.clone(),
        started_at: text(row.started_at.0),
        stored_at: row.stored_at.map(|at| text(at.0)).unwrap_or_default(),
        metadata: row.metadata.0.to_string(),
        version: u32::try_from(row.version).unwrap_or(u32::MAX),
    }
}

/// RFC 3339, to the millisecond.
pub fn text(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time that was told; none where it cannot be read.
pub fn time(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

/// What is kept of a file that another one has replaced.
pub fn original(row: &RecordingRow) -> Value {
    json!({
        "key": row.object_key, "peaks_key": row.peaks_key, "format": row.format, "channels": row.channels,
        "duration_ms": row.duration_ms, "size_bytes": row.size_bytes, "sha256": row.sha256,
    })
}
