//! What came of fetching Twilio's file.

use async_trait::async_trait;
use events::v1::{RecordingErase, RecordingFetched, RecordingMissed};
use metrics::{counter, histogram};
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx};
use tracing::info;

use super::compare::compare;
use super::row::{self, MERGED};
use super::tracks::upgrade;
use super::transcript::transcribe;
use crate::db;

/// Takes `recording.fetched`.
pub struct TakeFetched;

/// Takes `recording.missed`.
pub struct TakeMissed;

#[async_trait]
impl Decider for TakeFetched {
    type Event = RecordingFetched;
    const NAME: &'static str = "fetched";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingFetched,
    ) -> Result<Decision, HandlerError> {
        let call = db::call_lock(tx, &event.call_sid).await?;
        let Some(mut row) = db::recording_lock(tx, &event.recording_id).await? else {
            return Ok(erase(&event));
        };
        if row.status == "deleted" && row.stored_at.is_some() {
            // It was deleted while its file was on the way.
            return Ok(erase(&event));
        }
        if row.stored_at.is_some() {
            // Fetched twice: the same object.
            return Ok(Decision::nothing());
        }
        row.status = "completed".to_owned();
        row.format = event.format;
        row.channels = i64::from(event.channels);
        row.duration_ms = Some(i64::from(event.duration_ms));
        row.size_bytes = i64::try_from(event.size_bytes).ok();
        row.sha256 = event.sha256;
        row.object_key = event.key;
        row.peaks_key = event.peaks_key;
        row.stored_at = Some(cause.time.into());
        let settings = row::settings(call.as_ref());
        row::keep(&mut row, &settings, cause.time);
        row.version += 1;
        counter!("recordings_stored_total", "type" => "twilio").increment(1);
        let late = (cause.time - row.started_at.0).num_milliseconds();
        #[expect(clippy::cast_precision_loss, reason = "less than 2^52 milliseconds")]
        histogram!("recordings_stored_after_seconds").record(late.max(0) as f64 / 1000.0);
        info!(
            call.sid = row.call_sid,
            recording.sid = row.recording_sid,
            size_bytes = row.size_bytes,
            duration_ms = row.duration_ms,
            "recording stored"
        );
        let shown = if row::is_of_call(&row) {
            upgrade(tx, &mut row).await?
        } else {
            None
        };
        db::recording_save(tx, &row).await?;
        let mut shown = shown.unwrap_or(row);
        let transcript = transcribe(&mut shown, &settings, cause.time);
        db::recording_save(tx, &shown).await?;
        let comparison = compare(tx, &shown.call_sid).await?;
        Ok(row::tell_stored(&shown).merge(comparison).merge(transcript))
    }
}

#[async_trait]
impl Decider for TakeMissed {
    type Event = RecordingMissed;
    const NAME: &'static str = "missed";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: RecordingMissed,
    ) -> Result<Decision, HandlerError> {
        let Some(mut row) = db::recording_lock(tx, &event.recording_id).await? else {
            return Ok(Decision::nothing());
        };
        if row.stored_at.is_some() || row.status == MERGED {
            return Ok(Decision::nothing());
        }
        row.status = event.status;
        row::note(&mut row, "reason", event.reason.clone());
        if !event.detail.is_empty() {
            row::note(&mut row, "detail", event.detail);
        }
        if event.error_code > 0 {
            row::note(&mut row, "error_code", event.error_code);
        }
        row.version += 1;
        counter!("recordings_missed_total", "reason" => event.reason.clone()).increment(1);
        info!(
            call.sid = row.call_sid,
            recording.sid = row.recording_sid,
            status = row.status,
            reason = event.reason,
            "recording will not be there"
        );
        db::recording_save(tx, &row).await?;
        Ok(row::tell_absent(&row))
    }
}

/// Removes what nobody wants any more.
fn erase(event: &RecordingFetched) -> Decision {
    let keys = [&event.key, &event.peaks_key];
    let command = RecordingErase {
        recording_id: event.recording_id.clone(),
        call_sid: event.call_sid.clone(),
        keys: keys
            .into_iter()
            .filter(|key| !key.is_empty())
            .cloned()
            .collect(),
        ..RecordingErase::default()
    };
    Decision::nothing().publish(OutgoingEvent::new(&command).key(event.call_sid.clone()))
}
