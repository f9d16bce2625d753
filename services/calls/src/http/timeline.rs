//! A call's timeline: what the deciders wrote, and the diagnostic lines that processes noted.

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller, Limit, Page, Query};
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shapes::Timeline;
use super::state::{State, find, one};
use crate::db::{self, LineRow, NoteRow};

/// How many lines are shown where nobody says how many: all of nearly every call. People read a timeline as a whole.
const MOST: i64 = 1500;

/// Which part of a timeline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimelineQuery {
    /// How many at most, 1 to 200; 1500 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// Where a line stands. Of one moment, what a decider wrote comes before what a process noted.
#[derive(Debug)]
struct Place {
    at: DateTime<Utc>,
    is_noted: bool,
    id: String,
}

/// `GET /calls/{id}/timeline`: the oldest line first.
pub async fn show(
    state: web::Data<State>,
    caller: Caller,
    id: web::Path<String>,
    query: Query<TimelineQuery>,
) -> Result<HttpResponse, ApiError> {
    let TimelineQuery { limit, cursor } = query.into_inner();
    let place = cursor.as_deref().map(Place::read).transpose()?;
    let page = Page {
        limit,
        cursor: None,
    };
    let most = limit.map_or(MOST, |_| page.limit());
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, &caller, &id).await?;
    let after = place.as_ref().map(Place::after_in_lines);
    let lines = db::timeline_list(&mut tx, &row.call_sid, after, most + 1).await?;
    let after = place.as_ref().map(Place::after_in_notes);
    let whose = (row.call_sid.as_str(), row.tenant_id.as_str());
    let notes = db::note_list(&mut tx, whose, after, most + 1).await?;
    let mut all = merged(lines, notes);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let has_more = all.len() > most;
    all.truncate(most);
    let last = all.last().filter(|_| has_more);
    Ok(HttpResponse::Ok().json(Timeline {
        call: one(&mut tx, &row).await?,
        next_cursor: last.map(|(place, _)| place.cursor()),
        items: all.into_iter().map(|(_, shown)| shown).collect(),
    }))
}

impl Place {
    fn of(at: DateTime<Utc>, is_noted: bool, id: String) -> Self {
        Self { at, is_noted, id }
    }

    fn cursor(&self) -> String {
        let kind = if self.is_noted { "note" } else { "line" };
        format!("{}-{kind}-{}", self.at.timestamp_micros(), self.id)
    }

    fn read(cursor: &str) -> Result<Self, ApiError> {
        let read = || {
            let (at, rest) = cursor.split_once('-')?;
            let (kind, id) = rest.split_once('-')?;
            Some(Self {
                at: DateTime::from_timestamp_micros(at.parse().ok()?)?,
                is_noted: match kind {
                    "line" => false,
                    "note" => true,
                    _ => return None,
                },
                id: id.to_owned(),
            })
        };
        read().ok_or_else(|| ApiError::invalid("cursor", "send the next_cursor of the page before"))
    }

    /// The time and id that what deciders wrote goes on after. No id is empty: an empty one stands before all of a moment,
    /// and the next moment is a microsecond later.
    fn after_in_lines(&self) -> (DateTime<Utc>, String) {
        // A cursor may be made up: there is none after the last moment.
        let next = self.at.checked_add_signed(TimeDelta::microseconds(1));
        match next.filter(|_| self.is_noted) {
            Some(next) => (next, String::new()),
            None => (self.at, self.id.clone()),
        }
    }

    /// The same for what processes noted.
    fn after_in_notes(&self) -> (DateTime<Utc>, String) {
        match self.is_noted {
            true => (self.at, self.id.clone()),
            false => (self.at, String::new()),
        }
    }
}

/// The lines in their order.
fn merged(lines: Vec<LineRow>, notes: Vec<NoteRow>) -> Vec<(Place, Value)> {
    let lines = lines.into_iter().map(|line| {
        let shown = json!({ "at": line.at.0, "kind": line.kind, "detail": line.detail.0 });
        (Place::of(line.at.0, false, line.id), shown)
    });
    let notes = notes.into_iter().map(|mut note| {
        let id = std::mem::take(&mut note.id);
        (Place::of(note.at.0, true, id), noted(note))
    });
    let mut all: Vec<_> = lines.chain(notes).collect();
    // A sort that keeps the order of what happened in one moment.
    all.sort_by_key(|(place, _)| place.at);
    all
}

fn noted(note: NoteRow) -> Value {
    let mut detail = note.detail.0;
    detail["what"] = json!(note.what);
    detail["noted_by"] = json!(note.role);
    if let Some(took) = note.took_ms {
        detail["took_ms"] = json!(took);
    }
    if !note.verdict.is_empty() {
        detail["verdict"] = json!(note.verdict);
    }
    if let Ok(parameters) = serde_json::from_str::<Value>(&note.parameters) {
        detail["raw"] = parameters;
    }
    json!({ "at": note.at.0, "kind": note.kind, "detail": detail })
}
