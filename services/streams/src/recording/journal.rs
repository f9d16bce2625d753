//! The journal of one stream: what it is about, then 320 bytes for each step, the caller's frame and ours. A file that breaks off
//! anywhere is whole up to its last step.

use std::path::Path;

use serde::{Deserialize, Serialize};
use session::{FRAME, FRAMES_PER_SECOND, Frame, SILENCE};
use tokio::runtime::Handle;
use tracing::warn;

use super::{Track, Written};
use crate::journal_file::{Taken, Unread, Writing};

/// What a journal's file name ends with.
pub const SUFFIX: &str = "live";
/// Bytes of a step.
pub const STEP: usize = 2 * FRAME;
/// A second of steps goes to the disk at once: a process that is killed loses no more.
const BUFFER: usize = STEP * FRAMES_PER_SECOND as usize;

/// What a journal is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The session; the file's name as well.
    pub session_id: String,
    /// The call.
    pub call_sid: String,
    /// Whose call.
    pub tenant_id: String,
    /// The account's.
    pub account_sid: String,
    /// Counts the streams of a call, from 1.
    pub part: u32,
    /// What is kept.
    pub tracks: Vec<Track>,
    /// RFC 3339; the moment of the first sample.
    pub started_at: String,
    /// How the store encrypts the files: none or empty, `s3`, `kms`.
    #[serde(default)]
    pub encryption: String,
    /// The key of `kms`; empty: the store's own.
    #[serde(default)]
    pub kms_key: String,
    /// `mp3`, or WAV.
    #[serde(default)]
    pub format: String,
}

/// Writes a journal.
pub struct Recorder {
    /// None: the disk does not take it any more.
    file: Option<Writing>,
    buffer: Vec<u8>,
    session: String,
    written: Written,
}

impl Recorder {
    /// Begins a journal in a folder, which `workers` write.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub async fn begin(
        dir: &Path,
        written: &Written,
        about: &About,
        workers: &Handle,
    ) -> std::io::Result<Self> {
        let session = about.session_id.clone();
        let path = dir.join(format!("{session}.{SUFFIX}"));
        let (counts, name) = (written.clone(), session.clone());
        // Pieces are whole steps.
        let advance = move |bytes| counts.advance(&name, (bytes / STEP) as u64);
        let file = Writing::begin(path, about, workers, advance).await?;
        written.begin(&session);
        Ok(Self {
            file: Some(file),
            buffer: Vec::with_capacity(BUFFER),
            session,
            written: written.clone(),
        })
    }

    /// One step of both sides; of one that is held nothing is kept but its place.
    pub async fn step(&mut self, caller: &Frame, ours: &Frame, is_held: bool) {
        let (caller, ours) = match is_held {
            true => (&SILENCE, &SILENCE),
            false => (caller, ours),
        };
        self.buffer.extend_from_slice(caller);
        self.buffer.extend_from_slice(ours);
        if self.buffer.len() >= BUFFER {
            self.write().await;
        }
    }

    /// The stream is over: waits until everything is written.
    pub async fn finish(mut self) {
        self.write().await;
        if let Some(file) = self.file.take()
            && let Err(error) = file.finish().await
        {
            warn!(%error, "the end of a live recording cannot be written");
        }
    }

    async fn write(&mut self) {
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER));
        let Some(file) = &self.file else { return };
        if !file.write(piece).await {
            // The call goes on; what is there becomes the recording.
            warn!("a live recording cannot go on: the data folder cannot be written");
            self.file = None;
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.written.forget(&self.session);
    }
}

/// A journal that nobody writes any more.
#[derive(Debug)]
pub struct Journal {
    /// What it is of.
    pub about: About,
    /// Whole steps in it.
    pub steps: u64,
    file: Taken<About>,
}

impl Journal {
    /// Takes a journal, unless another task has it. It is ours until it is dropped.
    ///
    /// # Errors
    /// See [`Unread`].
    pub fn take(path: &Path) -> Result<Self, Unread> {
        let file = Taken::<About>::take(path)?;
        Ok(Self {
            about: file.about.clone(),
            steps: file.length / STEP as u64,
            file,
        })
    }

    /// The journal from its first step, for one who reads it to the last.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn rewound(&self) -> std::io::Result<tokio::fs::File> {
        self.file.rewound()
    }

    /// It has been archived.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn remove(self) -> std::io::Result<()> {
        self.file.remove()
    }

    /// How long the recording is, in milliseconds.
    pub fn duration_ms(&self) -> u32 {
        u32::try_from(self.steps * 20).unwrap_or(u32::MAX)
    }
}
