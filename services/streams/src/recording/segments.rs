//! A live recording is uploaded minute by minute while the call goes on, as it is journaled: when its machine is gone, with its disk, another
//! process makes the recording of what was uploaded. Once a recording is whole in the store its segments go.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use clock::Time;
use metrics::counter;
use objects::{Encryption, Objects};
use parking_lot::Mutex;
use session::FRAMES_PER_SECOND;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};
use tokio::sync::Semaphore;
use tracing::{info, warn};

use super::journal::{STEP, SUFFIX};
use super::{About, Written};
use crate::journal_file;

/// Steps of a segment: a minute.
pub const MINUTE: u64 = 60 * FRAMES_PER_SECOND;
/// Where segments lie in the store.
const PREFIX: &str = "live/";
/// A recording of which no segment has come for so long has lost its process: that uploads one each minute.
const LOST: TimeDelta = TimeDelta::minutes(10);

/// Why segments are not moved.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The data folder.
    #[error("the data folder: {0}")]
    Io(#[from] io::Error),
    /// The store.
    #[error("the object store: {0}")]
    Store(#[from] objects::Error),
    /// A segment is none.
    #[error("a segment says not what it is of: {0}")]
    Unknown(#[from] serde_json::Error),
}

/// What was uploaded. Clones share it.
#[derive(Clone)]
pub struct Segments {
    objects: Objects,
    /// Of each journal's session, how many.
    uploaded: Arc<Mutex<HashMap<String, u64>>>,
    /// One permit for each upload; whoever removes has all of them, so that nothing comes behind a recording that is whole.
    uploading: Arc<Semaphore>,
}

/// More permits than there are uploads at the same time.
const PERMITS: u32 = 64;

impl Segments {
    /// Nothing was uploaded yet.
    pub fn new(objects: Objects) -> Self {
        Self {
            objects,
            uploaded: Arc::default(),
            uploading: Arc::new(Semaphore::new(PERMITS as usize)),
        }
    }

    /// Sessions of which a minute has not been uploaded yet.
    pub fn due(&self, written: &Written) -> Vec<String> {
        let whole = written.from(MINUTE);
        let uploaded = self.uploaded.lock();
        let is_due = |(session, steps): (String, u64)| {
            let done = uploaded.get(&session).copied().unwrap_or_default();
            (steps / MINUTE > done).then_some(session)
        };
        whole.into_iter().filter_map(is_due).collect()
    }

    /// Uploads what is new of a journal, if it is still being written.
    ///
    /// # Errors
    /// Where it cannot be read, or the store does not take it: the next time begins where this one ended.
    pub async fn upload(
        &self,
        path: &Path,
        session: &str,
        written: &Written,
    ) -> Result<(), Failed> {
        // Nobody closes it.
        let _permit = self.uploading.acquire().await;
        // One that nobody writes any more is on its way as a whole.
        if !written.has(session) {
            return Ok(());
        }
        let mut file = tokio::fs::File::open(path).await?;
        let mut line = Vec::new();
        BufReader::new(&mut file)
            .read_until(b'\n', &mut line)
            .await?;
        let about: About = serde_json::from_slice(&line)?;
        let begin = line.len() as u64;
        let steps = file.metadata().await?.len().saturating_sub(begin) / STEP as u64;
        let done = self.uploaded.lock().get(&about.session_id).copied();
        for nth in done.unwrap_or_default()..steps / MINUTE {
            let size = MINUTE * STEP as u64;
            file.seek(SeekFrom::Start(begin + nth * size)).await?;
            // The first one says what they are of.
            let mut bytes = if nth == 0 { line.clone() } else { Vec::new() };
            (&mut file).take(size).read_to_end(&mut bytes).await?;
            let key = format!("{}{nth:06}.{SUFFIX}", folder(&about.session_id));
            let upload = self
                .objects
                .upload(&key, "application/octet-stream")
                .await?;
            let how = Encryption::named(&about.encryption, &about.kms_key);
            let mut upload = upload.encrypted(how).replacing();
            upload.write(&bytes).await?;
            upload.finish().await?;
            counter!("streams_segments_total").increment(1);
            let mut uploaded = self.uploaded.lock();
            uploaded.insert(about.session_id.clone(), nth + 1);
        }
        Ok(())
    }

    /// The recording is whole in the store, or is not wanted.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn remove(&self, about: &About) -> Result<(), Failed> {
        let _all = self.uploading.acquire_many(PERMITS).await;
        for entry in self.objects.list(&folder(&about.session_id)).await? {
            self.objects.delete(&entry.key).await?;
        }
        self.uploaded.lock().remove(&about.session_id);
        Ok(())
    }

    /// Makes journals of what was uploaded by processes that are gone; says how many.
    ///
    /// # Errors
    /// Where the store does not answer, or the folder cannot be written.
    pub async fn restore(&self, dir: &Path, now: Time) -> Result<usize, Failed> {
        let mut sessions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in self.objects.list(PREFIX).await? {
            let rest = entry.key.strip_prefix(PREFIX).unwrap_or_default();
            if let Some((session, _)) = rest.split_once('/') {
                let keys = sessions.entry(session.to_owned()).or_default();
                keys.push(entry.key);
            }
        }
        let mut restored = 0;
        for (session, keys) in sessions {
            let is_here = dir.join(format!("{session}.{SUFFIX}")).exists();
            if !is_here && self.restore_one(dir, now, &keys).await? {
                restored += 1;
            }
        }
        Ok(restored)
    }

    async fn restore_one(&self, dir: &Path, now: Time, keys: &[String]) -> Result<bool, Failed> {
        let Some(first) = keys.first() else {
            return Ok(false);
        };
        let Some(first) = self.objects.get(first).await? else {
            return Ok(false);
        };
        let end = first.bytes.iter().position(|byte| *byte == b'\n');
        let (head, steps) = first.bytes.split_at(end.unwrap_or(first.bytes.len()));
        let about: About = match serde_json::from_slice(head) {
            Ok(about) => about,
            Err(error) => {
                warn!(%error, "segments of a live recording say not what they are of");
                return Ok(false);
            }
        };
        let lasted = TimeDelta::minutes(i64::try_from(keys.len()).unwrap_or_default());
        let began = chrono::DateTime::parse_from_rfc3339(&about.started_at).ok();
        let is_lost = began.is_none_or(|began| now - began.to_utc() - lasted > LOST);
        if !is_lost {
            return Ok(false);
        }
        // Nobody takes it before it is whole: we hold its lock.
        let path = dir.join(format!("{}.{SUFFIX}", about.session_id));
        let mut file = journal_file::create(path, &about).await?;
        file.write_all(steps.get(1..).unwrap_or_default()).await?;
        for key in &keys[1..] {
            let segment = self.objects.get(key).await?;
            file.write_all(&segment.map_or_else(Default::default, |it| it.bytes))
                .await?;
        }
        file.flush().await?;
        info!(
            call.sid = about.call_sid,
            minutes = keys.len(),
            "a live recording whose process is gone is made from its segments"
        );
        Ok(true)
    }
}

fn folder(session: &str) -> String {
    format!("{PREFIX}{session}/")
}
