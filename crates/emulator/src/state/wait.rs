//! The record of the silence after an answer.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;

/// What the person on the phone heard after an answer: nothing, and for how long.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Wait {
    /// The answer's recording; empty: it was spoken to a `<Gather>`.
    pub(crate) recording_sid: String,
    /// What ended it: `silence`, `key`, `limit`, `hang-up` or `redirect`.
    pub(crate) ended_by: &'static str,
    /// When it ended.
    pub(crate) ended_at: DateTime<Utc>,
    /// The silence that had to pass before the verb ended by itself (`timeout` of `<Record>`, `speechTimeout` of `<Gather>`): the
    /// person has waited for so long already.
    pub(crate) own_timeout_ms: i64,
    /// When the next sound began; `None` while it is quiet, and when none came any more.
    pub(crate) next_at: Option<DateTime<Utc>>,
    /// What began: its kind and its words, as in `heard`.
    pub(crate) next: Option<String>,
    /// From the recording's end to the next sound, in the emulator's time.
    pub(crate) silence_ms: Option<i64>,
    /// The same in real time, in which the application works.
    pub(crate) real_ms: Option<u64>,
    #[serde(skip)]
    ended: Instant,
}

impl Wait {
    /// Begins with the end of an answer.
    pub(crate) fn new(
        recording_sid: &str,
        ended_by: &'static str,
        ended_at: DateTime<Utc>,
        own_timeout_ms: i64,
    ) -> Self {
        Self {
            recording_sid: recording_sid.to_owned(),
            ended_by,
            ended_at,
            own_timeout_ms,
            next_at: None,
            next: None,
            silence_ms: None,
            real_ms: None,
            ended: Instant::now(),
        }
    }

    /// Whether nothing has been heard since.
    pub(crate) fn is_open(&self) -> bool {
        self.next_at.is_none()
    }

    /// The next sound begins. Answers how long it was quiet, in words.
    pub(crate) fn close(&mut self, now: DateTime<Utc>, next: String) -> String {
        let silence_ms = (now - self.ended_at).num_milliseconds();
        let real_ms = self.ended.elapsed().as_millis() as u64;
        self.next_at = Some(now);
        self.next = Some(next);
        self.silence_ms = Some(silence_ms);
        self.real_ms = Some(real_ms);
        let seconds = silence_ms as f64 / 1000.0;
        format!("{seconds:.2} s of silence after the answer ({real_ms} ms really)")
    }
}
