//! The recordings of a call, as the role that keeps them tells of them.

use async_trait::async_trait;
use events::v1::{Recording, RecordingAbsent, RecordingDeleted, RecordingStored};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};
use store::types::Json;

use crate::db::{self, LineRow, RecordingRow};

/// Takes `recording.stored`.
pub struct LogStored;

/// Takes `recording.absent`.
pub struct LogAbsent;

/// Takes `recording.deleted`.
pub struct LogDeleted;

#[async_trait]
impl Decider for LogStored {
    type Event = RecordingStored;
    const NAME: &'static str = "recording-stored";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingStored,
    ) -> Result<Decision, HandlerError> {
        log(tx, cause, event.recording, "a recording is stored").await
    }
}

#[async_trait]
impl Decider for LogAbsent {
    type Event = RecordingAbsent;
    const NAME: &'static str = "recording-absent";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingAbsent,
    ) -> Result<Decision, HandlerError> {
        log(tx, cause, event.recording, "a recording will not be there").await
    }
}

#[async_trait]
impl Decider for LogDeleted {
    type Event = RecordingDeleted;
    const NAME: &'static str = "recording-deleted";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingDeleted,
    ) -> Result<Decision, HandlerError> {
        log(tx, cause, event.recording, "a recording was deleted").await
    }
}

/// Keeps what was told, unless something newer is known, and adds a line to the call's timeline. The call itself may be heard
/// of later.
async fn log(
    tx: &mut Tx,
    cause: &Cause,
    recording: Option<Recording>,
    what: &str,
) -> Result<Decision, HandlerError> {
    let Some(recording) = recording.filter(|it| !it.call_sid.is_empty()) else {
        return Err(HandlerError::Reject(
            "a recording without a call".to_owned(),
        ));
    };
    let shown = shape(&recording);
    let line = LineRow {
        id: format!("{}.00", cause.derive_id("line")),
        call_sid: recording.call_sid.clone(),
        at: cause.time.into(),
        kind: "event".to_owned(),
        detail: Json(json!({ "what": what, "recording": shown })),
    };
    let row = RecordingRow {
        id: recording.id,
        call_sid: recording.call_sid,
        tenant_id: recording.tenant_id,
        version: i64::from(recording.version),
        at: cause.time.into(),
        shape: Json(shown),
    };
    db::recording_save(tx, row).await?;
    db::line_add(tx, line).await?;
    Ok(Decision::nothing())
}

/// A recording as the outside sees it.
fn shape(it: &Recording) -> Value {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let metadata: Value = serde_json::from_str(&it.metadata).unwrap_or_else(|_| json!({}));
    json!({
        "id": it.id,
        "recording_type": it.recording_type,
        "recording_source": it.recording_source,
        "status": it.status,
        "format": text(&it.format),
        "channels": Some(it.channels).filter(|channels| *channels > 0),
        "duration_s": it.duration_ms.map(|ms| f64::from(ms) / 1000.0),
        "size_bytes": it.size_bytes,
        "sha256": text(&it.sha256),
        "recording_sid": text(&it.recording_sid),
        "started_at": text(&it.started_at),
        "stored_at": text(&it.stored_at),
        "metadata": metadata,
    })
}
