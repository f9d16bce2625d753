//! The journal of a session's inputs while it lives, with a digest of what came out, so that a second run can be compared with it.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use metrics::counter;
use session::journal::Writer;
use session::{Config, Input, Machine, Output};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::{InputsOf, OUTPUTS, Outputs, SUFFIX};
use crate::journal_file::Writing;

/// The longest journal, in bytes: two hours of a call, most of it speech.
const LONGEST: usize = 96 << 20;
/// So much goes to the disk at once, and at least once a second: a process that is killed loses no more.
const BUFFER: usize = 32 << 10;
const LATEST: Duration = Duration::from_secs(1);

/// Writes a journal of inputs.
pub struct InputJournal {
    file: Writing,
    buffer: Vec<u8>,
    writer: Writer,
    written: usize,
    flushed: Instant,
    outputs: u64,
    digest: Sha256,
    line: String,
    /// Nothing is added any more: it is as long as it may be, or the folder cannot be written.
    is_closed: bool,
}

impl InputJournal {
    /// Begins a journal in a folder, which `workers` write.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub async fn begin(
        dir: &Path,
        about: &InputsOf,
        machine: &Machine,
        config: &Config,
        workers: &Handle,
    ) -> std::io::Result<Self> {
        let path = dir.join(format!("{}.{SUFFIX}", about.session_id));
        let mut journal = Self {
            file: Writing::begin(path, about, workers, |_| {}).await?,
            buffer: Vec::with_capacity(BUFFER),
            writer: Writer::default(),
            written: 0,
            flushed: Instant::now(),
            outputs: 0,
            digest: Sha256::new(),
            line: String::new(),
            is_closed: false,
        };
        journal.writer.begin(machine, config, &mut journal.buffer);
        Ok(journal)
    }

    /// An input, at the time that the session is given with it.
    pub fn input(&mut self, at: Duration, input: &Input<'_>) {
        if !self.is_closed {
            self.writer.input(at, input, &mut self.buffer);
        }
    }

    /// How long the call may be on the line was set.
    pub fn longest(&mut self, seconds: u64) {
        if !self.is_closed {
            self.writer.longest(seconds, &mut self.buffer);
        }
    }

    /// Something about the call that is no input.
    pub fn note(&mut self, name: &str, text: &str) {
        if !self.is_closed {
            self.writer.note(name, text, &mut self.buffer);
        }
    }

    /// An output: it is counted, and goes into the digest.
    pub fn output(&mut self, output: &Output) {
        if self.is_closed {
            return;
        }
        self.outputs += 1;
        self.line.clear();
        // A text takes everything that is written to it.
        let _ = writeln!(self.line, "{output}");
        self.digest.update(&self.line);
    }

    /// Writes what has gathered, when it is time to. Only when every output of the last input is noted: a journal that is as long as it may
    /// be ends here.
    pub async fn settle(&mut self) {
        if self.is_closed {
            return;
        }
        let is_full = self.written + self.buffer.len() > LONGEST;
        if is_full {
            info!("a call's inputs are journaled no further: the journal is as long as it may be");
            self.close(true);
        }
        if is_full || self.buffer.len() >= BUFFER || self.flushed.elapsed() >= LATEST {
            self.write().await;
        }
    }

    /// The session is over.
    pub async fn finish(mut self) {
        if !self.is_closed {
            self.close(false);
            self.write().await;
        }
        if let Err(error) = self.file.finish().await {
            warn!(%error, "the end of a journal of inputs cannot be written");
        }
    }

    fn close(&mut self, cut: bool) {
        let outputs = Outputs {
            count: self.outputs,
            sha256: hex::encode(self.digest.clone().finalize()),
            cut,
        };
        let text = serde_json::to_string(&outputs).unwrap_or_default();
        self.writer.note(OUTPUTS, &text, &mut self.buffer);
        self.is_closed = true;
    }

    async fn write(&mut self) {
        self.written += self.buffer.len();
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(BUFFER));
        if !self.file.write(piece).await {
            // The call goes on; what is there can be run again.
            counter!("streams_inputs_unwritten_total").increment(1);
            warn!("a journal of inputs cannot go on: the data folder cannot be written");
            self.is_closed = true;
        }
        self.flushed = Instant::now();
    }
}
