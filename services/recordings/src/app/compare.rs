//! A live track and Twilio's recording of the same call are compared: evidence that nothing was lost. Once they are found alike, the original
//! that Twilio's has replaced need not be kept.

use async_trait::async_trait;
use events::v1::{RecordingCompare, RecordingCompared, RecordingErase};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::row::{self, LIVE, MERGED};
use crate::db::{self, RecordingRow};

/// So alike are two recordings of one call at least; two of different calls are not.
const ALIKE: f64 = 0.7;

/// Takes `recording.compared`.
pub struct TakeCompared;

/// Orders the comparison of each of a call's live tracks with Twilio's recording, where it is stored. However often it is ordered, the same
/// two files are compared once.
pub async fn compare(tx: &mut Tx, call_sid: &str) -> Result<Decision, HandlerError> {
    let rows = db::recordings_lock(tx, call_sid).await?;
    let of_call = |row: &&RecordingRow| {
        row::is_of_call(row) && row.status == "completed" && !row.object_key.is_empty()
    };
    let Some(twilios) = rows.iter().find(of_call) else {
        return Ok(Decision::nothing());
    };
    let mut decision = Decision::nothing();
    for (key, peaks_key, kept_by, channel) in rows.iter().filter_map(|row| live(row, twilios)) {
        let command = RecordingCompare {
            recording_id: kept_by,
            call_sid: call_sid.to_owned(),
            tenant_id: twilios.tenant_id.clone(),
            key,
            peaks_key,
            twilio_key: twilios.object_key.clone(),
            twilio_peaks_key: twilios.peaks_key.clone(),
            channel,
        };
        let id = derive_id(&["recording.compare", &command.key, &command.twilio_key]);
        decision = decision.publish(
            OutgoingEvent::new(&command)
                .id(id)
                .key(call_sid.to_owned())
                .tenant(twilios.tenant_id.clone()),
        );
    }
    Ok(decision)
}

/// A live file: its key, its waveform's, the row that is to keep how it compares, and the channel of Twilio's that it is a part of.
fn live(
    row: &RecordingRow,
    twilios: &RecordingRow,
) -> Option<(String, String, String, Option<u32>)> {
    if row.tenant_id != twilios.tenant_id {
        return None;
    }
    if row.id == twilios.id || row.status == MERGED {
        // The mix that Twilio's has replaced.
        let original = &row.metadata.0["original"];
        let text = |name: &str| original[name].as_str().unwrap_or_default().to_owned();
        let key = text("key");
        return (!key.is_empty() && row.id == twilios.id)
            .then(|| (key, text("peaks_key"), row.id.clone(), None));
    }
    let channel = match row.recording_type.as_str() {
        "user" => Some(0),
        "assistant" => Some(1),
        _ => None,
    };
    let is_live = row.source == LIVE && row.status == "completed" && !row.object_key.is_empty();
    is_live.then(|| {
        let (key, peaks_key) = (row.object_key.clone(), row.peaks_key.clone());
        (key, peaks_key, row.id.clone(), channel)
    })
}

#[async_trait]
impl Decider for TakeCompared {
    type Event = RecordingCompared;
    const NAME: &'static str = "compared";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingCompared,
    ) -> Result<Decision, HandlerError> {
        let Some(mut row) = db::recording_lock(tx, &event.recording_id).await? else {
            return Ok(Decision::nothing());
        };
        let original = row.metadata.0["original"]["key"].as_str();
        let is_original = original == Some(event.key.as_str());
        if row.status != "completed" || !(is_original || row.object_key == event.key) {
            // It was deleted, or replaced, meanwhile.
            return Ok(Decision::nothing());
        }
        let mut comparison = report(&event);
        let lost = |gap: &&events::v1::recording_compared::Gap| gap.missing == "twilio";
        let is_alike = event.reason.is_empty()
            && event.similarity >= ALIKE
            && event.gaps.iter().filter(lost).count() == 0;
        let outcome = match (event.reason.as_str(), is_alike) {
            ("", true) => "alike",
            ("", false) => "different",
            (reason, _) => reason,
        };
        counter!("recordings_compared_total", "outcome" => outcome.to_owned()).increment(1);
        comparison["verified"] = json!(is_alike);
        comparison["at"] = json!(row::text(cause.time));
        row::note(&mut row, "comparison", comparison);
        let mut decision = Decision::nothing();
        if is_alike && is_original && !event.is_held {
            decision = forget_original(&mut row);
        }
        if outcome == "different" {
            warn!(
                recording.id = row.id,
                call.sid = row.call_sid,
                similarity = event.similarity,
                gaps = event.gaps.len(),
                "a live track and Twilio's recording differ: both are kept"
            );
        } else {
            info!(
                recording.id = row.id,
                outcome,
                offset_ms = event.offset_ms,
                "live track compared with Twilio's recording"
            );
        }
        row.version += 1;
        db::recording_save(tx, &row).await?;
        Ok(decision.merge(row::tell_stored(&row)))
    }
}

/// Erases the file that was replaced; what is known of it stays.
fn forget_original(row: &mut RecordingRow) -> Decision {
    let mut original = row.metadata.0["original"].clone();
    let mut keys = Vec::new();
    for name in ["key", "peaks_key"] {
        if let Some(key) = original[name].as_str().filter(|key| !key.is_empty()) {
            keys.push(key.to_owned());
        }
        original[name] = Value::Null;
    }
    original["erased"] = json!(true);
    row::note(row, "original", original);
    let command = RecordingErase {
        recording_id: row.id.clone(),
        call_sid: row.call_sid.clone(),
        keys,
        ..RecordingErase::default()
    };
    Decision::nothing().publish(
        OutgoingEvent::new(&command)
            .key(row.call_sid.clone())
            .tenant(row.tenant_id.clone()),
    )
}

/// As the row keeps it.
fn report(event: &RecordingCompared) -> Value {
    if !event.reason.is_empty() {
        return json!({ "reason": event.reason });
    }
    let seconds = |ms: i64| -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "less than 2^52 milliseconds")]
        let ms = ms as f64;
        ms / 1000.0
    };
    let gaps: Vec<Value> = event
        .gaps
        .iter()
        .map(|gap| {
            json!({
                "missing": gap.missing, "from_s": seconds(gap.from_ms), "seconds": seconds(i64::from(gap.length_ms)),
            })
        })
        .collect();
    json!({
        "offset_s": seconds(event.offset_ms), "similarity": (event.similarity * 1000.0).round() / 1000.0,
        "overlap_s": seconds(i64::from(event.overlap_ms)), "gaps": gaps,
    })
}
