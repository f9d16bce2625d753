//! A recording's file in another storage class, after the days that the tenant has chosen.

use async_trait::async_trait;
use events::v1::RecordingReclassed;
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use tracing::{info, warn};

use super::row;
use crate::db;

/// Takes `recording.reclassed`.
pub struct TakeReclassed;

#[async_trait]
impl Decider for TakeReclassed {
    type Event = RecordingReclassed;
    const NAME: &'static str = "reclassed";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: RecordingReclassed,
    ) -> Result<Decision, HandlerError> {
        let Some(mut row) = db::recording_lock(tx, &event.recording_id).await? else {
            return Ok(Decision::nothing());
        };
        if row.object_key != event.key || row.move_at.is_none() {
            return Ok(Decision::nothing());
        }
        row.move_at = None;
        let outcome = if event.reason.is_empty() {
            info!(
                recording.id = row.id,
                storage.class = event.storage_class,
                "recording moved to another storage class"
            );
            row::note(&mut row, "storage_class", event.storage_class);
            "moved"
        } else {
            // It is where it was, and can be played as before.
            warn!(
                recording.id = row.id,
                storage.class = event.storage_class,
                reason = event.reason,
                "the store does not move a recording: check recording.storage_class"
            );
            row::note(&mut row, "storage_class_refused", event.reason);
            "refused"
        };
        counter!("recordings_moved_total", "outcome" => outcome).increment(1);
        row.version += 1;
        db::recording_save(tx, &row).await?;
        Ok(row::tell_stored(&row))
    }
}
