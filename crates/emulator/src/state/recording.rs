//! The record of a recording.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use twiml::Track;

use crate::faults::{CallbackTime, RecordingEnd};

/// The source of what `<Record>` records, which takes its sound itself.
pub(crate) const RECORD_VERB: &str = "RecordVerb";

/// Where a recording is, in Twilio's words (specification, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingStatus {
    InProgress,
    Paused,
    Processing,
    Completed,
    /// There was nothing to record.
    Absent,
    /// It could not be made.
    Failed,
    /// The application has deleted it: what is known of it can still be read for a while, the file is gone.
    Deleted,
}

/// Twilio's code for a recording without sound.
const NOTHING_RECORDED: u32 = 16_101;

impl RecordingStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Paused => "paused",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// It goes on.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::InProgress | Self::Paused)
    }
}

/// Who is told about a recording.
#[derive(Clone, Debug)]
pub(crate) struct RecordingCallback {
    pub(crate) url: String,
    pub(crate) method: String,
    /// `in-progress`, `completed`, `absent`.
    pub(crate) events: Vec<String>,
}

/// Whose sound it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The person on the phone.
    Inbound,
    /// What the application said.
    Outbound,
}

/// A time for which a recording was held, in seconds since it began.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) from_s: f64,
    /// `None` while it is held.
    pub(crate) until_s: Option<f64>,
    /// Whether the time is left out of the file; otherwise it is silent there.
    pub(crate) is_skipped: bool,
}

/// A piece of a call that is recorded while it goes on.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) side: Side,
    /// When it began, in seconds since the recording did.
    pub(crate) at_s: f64,
    pub(crate) samples: Arc<Vec<i16>>,
}

/// A recording.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    pub(crate) sid: String,
    pub(crate) call_sid: String,
    pub(crate) status: RecordingStatus,
    /// `RecordVerb`, `StartCallRecordingAPI` and so on.
    pub(crate) source: &'static str,
    /// The conference whose sound it is; empty: the call's own.
    pub(crate) conference_sid: String,
    /// What `<Stop>` calls it by.
    pub(crate) name: Option<String>,
    pub(crate) channels: u16,
    /// Whose sound is in it.
    pub(crate) track: Track,
    /// Whether silence at both ends is cut.
    pub(crate) trim: bool,
    /// Of the file; `None` until it is processed.
    pub(crate) duration_s: Option<u64>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) callback: Option<RecordingCallback>,
    /// The WAV file; empty until it is processed.
    pub(crate) file: Arc<Vec<u8>>,
    /// The words in it.
    pub(crate) words: Option<String>,
    /// What has been heard of a call that is recorded while it goes on.
    pub(crate) pieces: Vec<Piece>,
    /// When it was held, the first first.
    pub(crate) holds: Vec<Hold>,
    /// What becomes of it.
    pub(crate) end: RecordingEnd,
    /// How many fetches still find nothing.
    pub(crate) not_found_times: u32,
    /// When the callback is asked.
    pub(crate) when: CallbackTime,
}

impl Recording {
    /// Why there is no file.
    pub(crate) fn error_code(&self) -> Option<u32> {
        (self.status == RecordingStatus::Absent).then_some(NOTHING_RECORDED)
    }

    /// Holds it or goes on with it. Holding what is held, or going on with what goes on, changes nothing.
    pub(crate) fn hold(&mut self, is_held: bool, is_skipped: bool, now: DateTime<Utc>) {
        let at_s = (now - self.created).as_seconds_f64();
        match (self.status, is_held) {
            (RecordingStatus::InProgress, true) => {
                self.status = RecordingStatus::Paused;
                self.holds.push(Hold {
                    from_s: at_s,
                    until_s: None,
                    is_skipped,
                });
            }
            (RecordingStatus::Paused, false) => {
                self.status = RecordingStatus::InProgress;
                if let Some(hold) = self.holds.last_mut() {
                    hold.until_s = Some(at_s);
                }
            }
            _ => return,
        }
        self.updated = now;
    }
}
