//! How complete the recordings of a time are.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Period, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use crate::app::row::{ANSWER, MERGED};
use crate::db;

/// Recordings of calls, counted; the answers of interviews are not among them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    types: Vec<Kind>,
}

/// The recordings of one type.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
struct Kind {
    /// `user`, `assistant`, `mixed` or `twilio`.
    recording_type: String,
    /// Their file is stored, or was until its time was over.
    stored: i64,
    /// They are being made or fetched.
    pending: i64,
    /// They were announced, and there is no file.
    missing: i64,
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    period: Query<Period>,
) -> Result<Json<Summary>, ApiError> {
    let range = period.range(state.clock.now())?;
    let tenant = period.tenant(&caller)?;
    let mut tx = state.store.read().await?;
    let not_counted = (ANSWER, MERGED);
    let rows = db::recordings_by_status(&mut tx, tenant.as_deref(), range, not_counted).await?;
    Ok(Json(Summary {
        from: range.0,
        to: range.1,
        types: kinds(&rows),
    }))
}

fn kinds(rows: &[(String, String, i64)]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for (recording_type, status, count) in rows {
        if kinds
            .last()
            .is_none_or(|it| it.recording_type != *recording_type)
        {
            kinds.push(Kind {
                recording_type: recording_type.clone(),
                ..Kind::default()
            });
        }
        let Some(kind) = kinds.last_mut() else {
            continue;
        };
        match status.as_str() {
            "completed" | "deleted" => kind.stored += count,
            "in-progress" | "processing" => kind.pending += count,
            _ => kind.missing += count,
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_counts() {
        let row = |kind: &str, status: &str, n| (kind.to_owned(), status.to_owned(), n);
        let kinds = kinds(&[
            row("mixed", "absent", 1),
            row("mixed", "completed", 5),
            row("mixed", "deleted", 2),
            row("user", "processing", 3),
        ]);
        let counts: Vec<_> = kinds
            .iter()
            .map(|it| (it.stored, it.pending, it.missing))
            .collect();
        assert_eq!(counts, [(7, 0, 1), (0, 3, 0)]);
    }
}
