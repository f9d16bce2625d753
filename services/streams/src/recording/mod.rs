//! Live recording: what passes on a stream is journaled to the data folder, and becomes files in the object store when the
//! stream is over.

mod archive;
mod journal;
mod segments;
mod tracks;
mod written;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events::Event;
use events::v1::{CallEnded, RecordingPause, RecordingResume};
use parking_lot::RwLock;
use tokio::sync::Notify;
use tracing::info;

pub use archive::Archive;
pub use journal::{About, Recorder};
pub use segments::Segments;
pub use tracks::Track;
pub use written::Written;

/// No call is longer. A hold whose end was not heard of is forgotten after so long, and never refused for want of room: what
/// is said meanwhile may be a card's number.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 3600);

/// Where calls are journaled, and which are not to be heard for a while. Clones share it.
#[derive(Clone)]
pub struct Recording {
    /// The folder of the journals.
    pub dir: PathBuf,
    /// Wakes the archive.
    pub ended: Arc<Notify>,
    /// What of them this process writes.
    pub written: Written,
    /// Each with the time since when.
    held: Arc<RwLock<HashMap<String, Instant>>>,
}

impl Recording {
    /// Journals go to this folder.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            ended: Arc::default(),
            written: Written::default(),
            held: Arc::default(),
        }
    }

    /// Whether a call's recording is held: what is said meanwhile is silent in the file.
    pub fn is_held(&self, call_sid: &str) -> bool {
        let held = self.held.read();
        held.contains_key(call_sid)
    }

    /// A call is over.
    pub fn forget(&self, call_sid: &str) {
        let mut held = self.held.write();
        held.remove(call_sid);
    }

    /// Follows the commands that hold recordings and go on with them: whichever process has the call acts on them.
    pub fn heard(&self, envelope: &events::Envelope) {
        if envelope.kind == CallEnded::TYPE {
            let ended = envelope.decode::<CallEnded>().ok();
            if let Some(call) = ended.and_then(|it| it.call) {
                self.forget(&call.call_sid);
            }
            return;
        }
        let call = if envelope.kind == RecordingPause::TYPE {
            envelope.decode::<RecordingPause>().map(|it| it.call_sid)
        } else if envelope.kind == RecordingResume::TYPE {
            envelope.decode::<RecordingResume>().map(|it| it.call_sid)
        } else {
            return;
        };
        let Ok(call) = call else { return };
        info!(
            call.sid = call,
            what = envelope.kind,
            "a live recording is held or goes on"
        );
        let mut held = self.held.write();
        if envelope.kind == RecordingResume::TYPE {
            held.remove(&call);
        } else {
            held.retain(|_, since| since.elapsed() < LONGEST_CALL);
            held.insert(call, Instant::now());
        }
    }
}
