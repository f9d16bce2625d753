//! Diagnostic lines that processes have gathered: kept beside the calls' timelines, so many of each call and no more.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Duration};
use events::v1::{TimelineNote, TimelineNoted};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};
use store::types::Json;

use crate::db::{self, NoteRow};

/// So many lines of one call or message are kept: whoever repeats a webhook for ever fills no disk.
const MOST: i64 = 300;
/// As many more that belong to none are kept of one batch.
const MOST_UNKNOWN: i64 = 100;
/// Longer words are cut.
const LONGEST: usize = 200;

/// Takes `timeline.noted`.
pub struct KeepNotes;

#[async_trait]
impl Decider for KeepNotes {
    type Event = TimelineNoted;
    const NAME: &'static str = "notes";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TimelineNoted,
    ) -> Result<Decision, HandlerError> {
        let mut keys: Vec<String> = event.notes.iter().map(|it| cut(&it.key)).collect();
        keys.retain(|key| !key.is_empty());
        keys.sort_unstable();
        keys.dedup();
        let counted = db::note_counts(tx, &keys).await?;
        let mut counts: HashMap<String, i64> = counted.into_iter().collect();
        counts.insert(String::new(), MOST - MOST_UNKNOWN);
        let mut rows = Vec::with_capacity(event.notes.len());
        for (nth, note) in event.notes.iter().enumerate() {
            let row = row(cause, nth, note);
            let count = counts.entry(row.key.clone()).or_default();
            *count += 1;
            if *count <= MOST {
                rows.push(row);
            }
        }
        let left_out = event.notes.len() - rows.len();
        counter!("calls_notes_left_out_total").increment(left_out as u64);
        db::note_add(tx, rows).await?;
        Ok(Decision::nothing())
    }
}

fn row(cause: &Cause, nth: usize, note: &TimelineNote) -> NoteRow {
    let at = DateTime::parse_from_rfc3339(&note.at).map_or(cause.time, |at| at.to_utc());
    let detail = serde_json::from_str::<Value>(&note.detail);
    let detail = detail.ok().filter(Value::is_object);
    let days = i64::from(note.parameters_days.min(3_650));
    let has_parameters = days > 0 && !note.parameters.is_empty();
    let until = has_parameters.then(|| (cause.time + Duration::days(days)).into());
    NoteRow {
        id: format!("{}.{nth:03}", cause.derive_id("note")),
        tenant_id: cause.tenant.clone().unwrap_or_default(),
        key: cut(&note.key),
        at: at.into(),
        role: cut(&note.role),
        kind: cut(&note.kind),
        what: cut(&note.what),
        verdict: cut(&note.verdict),
        took_ms: note.took_ms.map(i64::from),
        detail: Json(detail.unwrap_or_else(|| json!({}))),
        parameters: if has_parameters {
            note.parameters.clone()
        } else {
            String::new()
        },
        parameters_until: until,
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
