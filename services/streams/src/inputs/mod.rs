//! What went into a session, kept so that the call can be run again: journaled to the data folder while the call lives, moved to the
//! object store when it is over, removed when its time is over or the person is forgotten.

mod journal;
mod keep;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use journal::InputJournal;
pub use keep::Keep;

/// What a journal's file name ends with, also in the object store.
const SUFFIX: &str = "inputs";

/// The note in which a conversation says what it was told before its first turn.
pub const ASSISTANT: &str = "assistant";
/// The note behind the last input: how many outputs there were, and their digest.
pub const OUTPUTS: &str = "outputs";

/// What a journal is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputsOf {
    /// The session; the file's name as well.
    pub session_id: String,
    /// The call.
    pub call_sid: String,
    /// Whose call.
    pub tenant_id: String,
    /// The number's voice app.
    pub app: String,
    /// Counts the streams of a call, from 1.
    pub part: u32,
    /// RFC 3339; when the stream began.
    pub started_at: String,
    /// For how many days it is kept.
    pub keep_days: u32,
    /// How the store encrypts it: none or empty, `s3`, `kms`.
    pub encryption: String,
    /// The key of `kms`; empty: the store's own.
    pub kms_key: String,
    /// The version of the platform that held the call.
    pub version: String,
}

impl InputsOf {
    /// Its key in the object store.
    fn key(&self) -> String {
        let Self {
            tenant_id,
            call_sid,
            part,
            ..
        } = self;
        format!("inputs/{tenant_id}/{call_sid}-{part}.{SUFFIX}")
    }
}

/// What the note [`OUTPUTS`] says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// How many there were.
    pub count: u64,
    /// SHA-256 of their lines, each ended by a line feed.
    pub sha256: String,
    /// Whether the call went on, but the journal was as long as it may be.
    pub cut: bool,
}

/// Where inputs are journaled. Clones share it.
#[derive(Clone)]
pub struct Inputs {
    /// The folder of the journals.
    pub dir: PathBuf,
    /// Wakes whoever stores them.
    pub ended: Arc<Notify>,
}

impl Inputs {
    /// Journals go to this folder.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            ended: Arc::default(),
        }
    }
}
