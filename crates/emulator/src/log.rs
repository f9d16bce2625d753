//! What went over the wire, both ways, for the person who develops against the emulator.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// Older entries are dropped beyond this many.
const CAPACITY: usize = 10_000;

/// Which way a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The application asked the REST API.
    In,
    /// The emulator asked the application.
    Out,
    /// No request: something that Twilio's debugger would show.
    Note,
}

/// One request with its answer, or one remark.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts up; entries are never renumbered.
    pub id: u64,
    /// When, in the emulator's time.
    pub at: DateTime<Utc>,
    /// Which way.
    pub direction: Direction,
    /// What it is for: `rest`, `twiml`, `dial-action`, `call-status`, `message-status` and so on.
    pub kind: &'static str,
    /// The call or message it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// GET, POST or DELETE; empty for a note.
    pub method: String,
    /// The URL as it went over the wire; for REST requests the path and query.
    pub url: String,
    /// The form's parameters.
    pub params: Vec<(String, String)>,
    /// The answer's HTTP status; `None` when there was no answer.
    pub status: Option<u16>,
    /// The answer's body, cut at 4 kB; of REST answers only the errors'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Real milliseconds from the question to the answer.
    pub took_ms: u64,
    /// Which attempt this was, from 1.
    pub attempt: u32,
    /// Twilio's error code, as its debugger would show it.
    pub error_code: Option<u32>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Anything else worth seeing.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub extra: Value,
}

impl Entry {
    pub(crate) fn new(direction: Direction, kind: &'static str) -> Self {
        Self {
            id: 0,
            at: DateTime::UNIX_EPOCH,
            direction,
            kind,
            sid: None,
            method: String::new(),
            url: String::new(),
            params: Vec::new(),
            status: None,
            answer: None,
            took_ms: 0,
            attempt: 1,
            error_code: None,
            error: None,
            extra: Value::Null,
        }
    }

    pub(crate) fn failed(mut self, code: u32, words: impl Into<String>) -> Self {
        self.error_code = Some(code);
        self.error = Some(words.into());
        self
    }
}

/// A ring of entries.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Log {
    pub(crate) fn push(&mut self, mut entry: Entry, at: DateTime<Utc>) {
        self.last += 1;
        entry.id = self.last;
        entry.at = at;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Entries after `after`, the oldest first.
    pub(crate) fn since(&self, after: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.id > after)
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// At most 4 kB, cut between characters.
pub(crate) fn cut(text: &str) -> String {
    let end = (0..=text.len().min(4096))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_bounded_number_of_entries() {
        let mut log = Log::default();
        for _ in 0..CAPACITY + 5 {
            log.push(Entry::new(Direction::Note, "test"), DateTime::UNIX_EPOCH);
        }
        assert_eq!(log.since(0).count(), CAPACITY);
        assert_eq!(log.since(CAPACITY as u64).count(), 5);
    }
}
