//! What was held of a recording: a gap of silence that its row tells of.

use async_trait::async_trait;
use events::v1::RecordingChanged;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};

use super::row;
use crate::db;

/// Takes `recording.changed`.
pub struct NoteGap;

#[async_trait]
impl Decider for NoteGap {
    type Event = RecordingChanged;
    const NAME: &'static str = "changed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingChanged,
    ) -> Result<Decision, HandlerError> {
        let is_gap = matches!(event.status.as_str(), "paused" | "in-progress");
        if event.recording_sid.is_empty() || !is_gap {
            return Ok(Decision::nothing());
        }
        let Some(call) = db::call_lock(tx, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        let id = row::id_of_sid(&call.account_sid, &event.recording_sid);
        let mut blank = row::blank(id, &event.call_sid, cause.time);
        blank.account_sid.clone_from(&call.account_sid);
        blank.recording_sid.clone_from(&event.recording_sid);
        blank.tenant_id.clone_from(&call.tenant_id);
        // Twilio may not have told of it yet.
        let mut row = db::recording_open(tx, &blank).await?;
        let mut gaps = match &row.metadata.0["gaps"] {
            Value::Array(gaps) => gaps.clone(),
            _ => Vec::new(),
        };
        let at = row::text(cause.time);
        let is_open = gaps.last().is_some_and(|gap| gap["to"].is_null());
        match (event.status.as_str(), is_open) {
            ("paused", false) => gaps.push(json!({ "from": at, "to": null })),
            ("in-progress", true) => {
                if let Some(gap) = gaps.last_mut() {
                    gap["to"] = json!(at);
                }
            }
            _ => return Ok(Decision::nothing()),
        }
        row::note(&mut row, "gaps", gaps);
        row.version += 1;
        db::recording_save(tx, &row).await?;
        // What is stored already is told again, with its gaps.
        Ok(match row.status.as_str() {
            "completed" => row::tell_stored(&row),
            _ => Decision::nothing(),
        })
    }
}
