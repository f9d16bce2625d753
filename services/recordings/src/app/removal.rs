//! Deleting a recording: by hand, or since its time is over.

use clock::Time;
use events::v1::{RecordingDeleted, RecordingErase};
use role::{Decision, OutgoingEvent};
use serde_json::Value;

use super::row;
use crate::db::RecordingRow;

/// Makes the row one of a recording that was deleted, and says what follows. The row stays: it tells that there was one, and why it is
/// gone.
pub fn delete(row: &mut RecordingRow, now: Time, by: &str) -> (RecordingErase, RecordingDeleted) {
    let original = row.metadata.0["original"].clone();
    let of = |name: &str| original[name].as_str().unwrap_or_default().to_owned();
    let keys = [
        std::mem::take(&mut row.object_key),
        std::mem::take(&mut row.peaks_key),
        std::mem::take(&mut row.transcript_key),
        of("key"),
        of("peaks_key"),
    ];
    let erase = RecordingErase {
        recording_id: row.id.clone(),
        call_sid: row.call_sid.clone(),
        keys: keys.into_iter().filter(|key| !key.is_empty()).collect(),
        ..RecordingErase::default()
    };
    row.status = "deleted".to_owned();
    row.delete_at = None;
    row.move_at = None;
    row.stored_at = row.stored_at.or(Some(now.into()));
    row::note(row, "original", Value::Null);
    row::note(row, "deleted_by", by);
    row::note(row, "deleted_at", row::text(now));
    row.version += 1;
    let deleted = RecordingDeleted {
        recording: Some(row::told(row)),
    };
    (erase, deleted)
}

/// The same, as a decision.
pub fn decision(
    row: &RecordingRow,
    erase: &RecordingErase,
    deleted: &RecordingDeleted,
) -> Decision {
    let (key, tenant) = (row.call_sid.clone(), row.tenant_id.clone());
    let decision = Decision::nothing().publish(
        OutgoingEvent::new(erase)
            .key(key.clone())
            .tenant(tenant.clone()),
    );
    decision.publish(OutgoingEvent::new(deleted).key(key).tenant(tenant))
}
