//! Live tracks, and the live mix that Twilio's recording of the same call replaces.

use async_trait::async_trait;
use events::v1::TrackStored;
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use store::types::Json;
use tracing::warn;

use super::compare::compare;
use super::erase::{self, Late, too_late};
use super::parts;
use super::row::{self, LIVE, MERGED};
use crate::db::{self, CallRow, RecordingRow};

/// Takes `track.stored`.
pub struct TakeTrack;

#[async_trait]
impl Decider for TakeTrack {
    type Event = TrackStored;
    const NAME: &'static str = "track-stored";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TrackStored,
    ) -> Result<Decision, HandlerError> {
        let is_type = matches!(
            event.recording_type.as_str(),
            "user" | "assistant" | "mixed"
        );
        if !is_type || event.call_sid.is_empty() || event.key.is_empty() {
            return Err(HandlerError::Reject(
                "track.stored without a call, a key, or a type of user, assistant or mixed"
                    .to_owned(),
            ));
        }
        let id = row::id_of_track(&event.call_sid, &event.recording_type, event.part);
        let known = db::call_lock(tx, &event.call_sid).await?;
        if known.is_none() {
            let keys = [&event.key, &event.peaks_key].into_iter();
            let keys = keys.filter(|key| !key.is_empty()).cloned().collect();
            let late = Late::Track(&id, keys);
            if let Some(decision) = too_late(tx, &event.call_sid, late).await? {
                return Ok(decision);
            }
        }
        // The track may be told before the call.
        let new = CallRow::unknown(
            &event.call_sid,
            &event.tenant_id,
            &event.account_sid,
            cause.time,
        );
        let call = match known {
            Some(call) => call,
            None => db::call_put(tx, &new).await?,
        };
        if call.tenant_id != event.tenant_id {
            counter!("recordings_refused_total", "reason" => "foreign_call").increment(1);
            warn!(
                call.sid = event.call_sid,
                "a track of another tenant's call is refused"
            );
            return Ok(Decision::nothing());
        }
        let started_at = row::time(&event.started_at).unwrap_or(cause.time);
        let blank = row::blank(id, &event.call_sid, started_at);
        let mut row = db::recording_open(tx, &blank).await?;
        if row.stored_at.is_some() || row.status == MERGED {
            return Ok(Decision::nothing());
        }
        row.tenant_id = event.tenant_id;
        row.account_sid = event.account_sid;
        row.recording_type = event.recording_type;
        row.source = LIVE.to_owned();
        row.status = "completed".to_owned();
        row.format = event.format;
        row.channels = i64::from(event.channels);
        row.duration_ms = Some(i64::from(event.duration_ms));
        row.size_bytes = i64::try_from(event.size_bytes).ok();
        row.sha256 = event.sha256;
        row.object_key = event.key;
        row.peaks_key = event.peaks_key;
        row.stored_at = Some(cause.time.into());
        erase::mark_if_awaited(tx, &mut row, cause.time).await?;
        row::keep(&mut row, &row::settings(Some(&call)), cause.time);
        row::note(&mut row, "source", "s3");
        if event.part > 1 {
            row::note(&mut row, "part", event.part);
        }
        row.version += 1;
        counter!("recordings_stored_total", "type" => row.recording_type.clone()).increment(1);
        let all = db::recordings_lock(tx, &row.call_sid).await?;
        let of_twilio = all
            .into_iter()
            .find(|it| row::is_of_call(it) && it.stored_at.is_some() && it.status == "completed");
        let shown = match of_twilio {
            // A call has one mix of Twilio's; what came after an interruption stays beside it.
            Some(mut better)
                if row.recording_type == "mixed" && better.recording_type != "mixed" =>
            {
                // Twilio's came first: it is the mix now, and the live one its original.
                replace(&mut better, &mut row);
                db::recording_save(tx, &better).await?;
                Some(better)
            }
            _ => None,
        };
        db::recording_save(tx, &row).await?;
        let mut told = Decision::nothing();
        let all = db::recordings_lock(tx, &row.call_sid).await?;
        for part in parts::with_gaps(all, &row.recording_type) {
            db::recording_save(tx, &part).await?;
            match part.id == row.id {
                true => row = part,
                // It was told of before this one was there.
                false if part.status == "completed" => {
                    told = told.merge(row::tell_stored(&part));
                }
                false => {}
            }
        }
        let comparison = compare(tx, &row.call_sid).await?;
        Ok(row::tell_stored(shown.as_ref().unwrap_or(&row))
            .merge(told)
            .merge(comparison))
    }
}

/// Puts Twilio's file, which is in hand, in the place of the call's live mix, where there is one. Gives the row that is shown.
pub async fn upgrade(
    tx: &mut Tx,
    twilios: &mut RecordingRow,
) -> Result<Option<RecordingRow>, HandlerError> {
    let all = db::recordings_lock(tx, &twilios.call_sid).await?;
    let is_own = |it: &RecordingRow| {
        let is_live_mix = it.recording_type == "mixed" && it.recording_sid.is_empty();
        is_live_mix && it.status == "completed" && it.tenant_id == twilios.tenant_id
    };
    // The first, where the stream was interrupted.
    let live = all.into_iter().filter(is_own);
    let Some(mut mixed) = live.min_by_key(|it| it.started_at.0) else {
        return Ok(None);
    };
    let before = mixed.clone();
    mixed.recording_sid.clone_from(&twilios.recording_sid);
    mixed.format.clone_from(&twilios.format);
    mixed.channels = twilios.channels;
    mixed.duration_ms = twilios.duration_ms;
    mixed.size_bytes = twilios.size_bytes;
    mixed.sha256.clone_from(&twilios.sha256);
    mixed.object_key.clone_from(&twilios.object_key);
    mixed.peaks_key.clone_from(&twilios.peaks_key);
    mixed.delete_at = twilios.delete_at;
    mixed.move_at = twilios.move_at;
    mixed.transcript_key.clone_from(&twilios.transcript_key);
    mark(&mut mixed, &before, &twilios.metadata);
    twilios.status = MERGED.to_owned();
    (twilios.delete_at, twilios.move_at) = (None, None);
    db::recording_save(tx, &mixed).await?;
    Ok(Some(mixed))
}

/// Twilio's recording becomes the mix, and the live one a part of it.
fn replace(twilios: &mut RecordingRow, live: &mut RecordingRow) {
    twilios.recording_type = "mixed".to_owned();
    let facts = twilios.metadata.clone();
    mark(twilios, live, &facts);
    live.status = MERGED.to_owned();
    (live.delete_at, live.move_at) = (None, None);
}

/// Notes what was replaced. The live file stays until the two have been compared.
fn mark(mixed: &mut RecordingRow, before: &RecordingRow, facts: &Json) {
    for name in ["twilio_source", "track"] {
        if let Some(value) = facts.0.get(name) {
            row::note(mixed, name, value.clone());
        }
    }
    row::note(mixed, "source", "twilio_override");
    row::note(mixed, "original_source", "s3");
    row::note(mixed, "original", row::original(before));
    mixed.version += 1;
}
