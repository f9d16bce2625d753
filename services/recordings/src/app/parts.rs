//! The parts of a call's live tracks. Where a stream dropped, or its process died, time is missing before the next part: its row says
//! which.

use chrono::TimeDelta;
use serde_json::json;

use super::row::{self, LIVE};
use crate::db::RecordingRow;

/// What a part's row notes of the time that is missing before it.
const MISSING: &str = "missing_before";

/// The parts of a track whose note changes, now that this is what there is of the call. Parts are stored in any order: what a killed
/// process has left comes last.
pub fn with_gaps(all: Vec<RecordingRow>, recording_type: &str) -> Vec<RecordingRow> {
    let is_part = |it: &RecordingRow| {
        it.source == LIVE && it.recording_type == recording_type && it.stored_at.is_some()
    };
    let mut parts: Vec<_> = all.into_iter().filter(is_part).collect();
    parts.sort_by_key(|it| it.started_at.0);
    let ends: Vec<_> = parts
        .iter()
        .map(|it| it.started_at.0 + TimeDelta::milliseconds(it.duration_ms.unwrap_or_default()))
        .collect();
    let later = parts.into_iter().skip(1).zip(ends);
    later
        .filter_map(|(mut part, before)| {
            let begins = part.started_at.0;
            let missing = (begins > before)
                .then(|| json!({ "from": row::text(before), "to": row::text(begins) }));
            let missing = missing.unwrap_or_default();
            if part.metadata.0[MISSING] == missing {
                return None;
            }
            row::note(&mut part, MISSING, missing);
            part.version += 1;
            Some(part)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clock::Clock;

    use super::*;

    fn part(id: &str, after_s: u64, lasts_ms: i64) -> RecordingRow {
        let start = row::time("2026-11-29T10:00:00Z").unwrap();
        let began = start + Duration::from_secs(after_s);
        let mut row = row::blank(id.to_owned(), "CA1", began);
        row.source = LIVE.to_owned();
        row.recording_type = "user".to_owned();
        row.duration_ms = Some(lasts_ms);
        row.stored_at = Some(Clock::system().now().into());
        row
    }

    #[test]
    fn part_says_which_time_is_missing_before_it_whichever_is_stored_first() {
        let second = part("b", 20, 5_000);
        assert_eq!(with_gaps(vec![second.clone()], "user"), []);
        let changed = with_gaps(vec![second, part("a", 0, 12_000)], "user");
        assert_eq!(changed.len(), 1);
        assert_eq!(changed[0].id, "b");
        let missing = &changed[0].metadata.0[MISSING];
        assert_eq!(missing["from"], "2026-11-29T10:00:12.000Z");
        assert_eq!(missing["to"], "2026-11-29T10:00:20.000Z");
        // Once more it is the same, and another track has its own parts.
        let noted = vec![changed[0].clone(), part("a", 0, 12_000)];
        assert_eq!(with_gaps(noted.clone(), "user"), []);
        assert_eq!(with_gaps(noted, "mixed"), []);
    }
}
