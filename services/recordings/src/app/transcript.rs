//! A call's recording in words, where the tenant wants it: ordered once its file is stored, and kept beside it.

use async_trait::async_trait;
use chrono::Duration;
use clock::Time;
use events::v1::{AiUsage, RecordingErase, RecordingTranscribe, RecordingTranscribed};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use serde_json::{Value, json};
use tracing::info;

use super::row;
use crate::db::{self, RecordingRow, Settings};

/// How long a provider that is away is waited for.
const PATIENCE: Duration = Duration::days(1);

/// Takes `recording.transcribed`.
pub struct TakeTranscribed;

/// Orders the transcript of a recording of a call, where the tenant wants one. However often it is ordered it is one command.
pub fn transcribe(row: &mut RecordingRow, settings: &Settings, now: Time) -> Decision {
    let is_stored = row.status == "completed" && !row.object_key.is_empty();
    if !settings.transcribe || !is_stored || !row::is_of_call(row) {
        return Decision::nothing();
    }
    let stem = row.object_key.rsplit_once('.');
    let command = RecordingTranscribe {
        recording_id: row.id.clone(),
        call_sid: row.call_sid.clone(),
        tenant_id: row.tenant_id.clone(),
        key: row.object_key.clone(),
        sha256: row.sha256.clone(),
        duration_ms: row
            .duration_ms
            .and_then(|ms| u32::try_from(ms).ok())
            .unwrap_or_default(),
        transcript_key: format!("{}.transcript.json", stem.map_or("", |(stem, _)| stem)),
        encryption: settings.encryption.clone(),
        kms_key: settings.kms_key.clone(),
        language: settings.transcribe_language.clone(),
        model: settings.transcribe_model.clone(),
        patience_until: row::text(now + PATIENCE),
    };
    row::note(row, "transcript", json!({ "status": "pending" }));
    Decision::nothing().publish(
        OutgoingEvent::new(&command)
            .id(derive_id(&["recording.transcribe", &row.id, &row.sha256]))
            .key(row.call_sid.clone())
            .tenant(row.tenant_id.clone()),
    )
}

#[async_trait]
impl Decider for TakeTranscribed {
    type Event = RecordingTranscribed;
    const NAME: &'static str = "transcribed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingTranscribed,
    ) -> Result<Decision, HandlerError> {
        let row = db::recording_lock(tx, &event.recording_id).await?;
        let is_wanted =
            |row: &RecordingRow| row.status == "completed" && row.object_key == event.key;
        let Some(mut row) = row.filter(is_wanted) else {
            // The recording was deleted meanwhile.
            return Ok(erase(&event));
        };
        let outcome = if event.reason.is_empty() {
            "done"
        } else {
            "failed"
        };
        counter!("recordings_transcribed_total", "outcome" => outcome).increment(1);
        info!(
            recording.id = row.id,
            outcome,
            turns = event.turns,
            reason = event.reason,
            "recording transcribed"
        );
        row::note(&mut row, "transcript", report(&event, cause.time));
        row.transcript_key.clone_from(&event.transcript_key);
        row.version += 1;
        db::recording_save(tx, &row).await?;
        Ok(row::tell_stored(&row))
    }
}

/// As the row keeps it. What was said stays in the store.
fn report(event: &RecordingTranscribed, now: Time) -> Value {
    let at = row::text(now);
    if !event.reason.is_empty() {
        return json!({ "status": "failed", "reason": event.reason, "at": at });
    }
    let simulated = |it: &AiUsage| it.simulated;
    json!({
        "status": "done", "turns": event.turns, "at": at,
        "simulated": event.usage.as_ref().is_some_and(simulated),
    })
}

fn erase(event: &RecordingTranscribed) -> Decision {
    if event.transcript_key.is_empty() {
        return Decision::nothing();
    }
    let command = RecordingErase {
        recording_id: event.recording_id.clone(),
        call_sid: event.call_sid.clone(),
        keys: vec![event.transcript_key.clone()],
        ..RecordingErase::default()
    };
    Decision::nothing().publish(OutgoingEvent::new(&command).key(event.call_sid.clone()))
}
