//! From a journal to files: each track is stored as a WAV or an MP3 file and told with `track.stored`; then the journal is removed. What a
//! process that was killed has left is found at the next start. Until all is stored the journal stays, so nothing is lost while
//! the object store or the bus is away; doing it twice makes the same objects and the same events. What is left of a call that was
//! forgotten meanwhile is not stored.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use audio::{Measure, NotAudio, Sound};
use bus::Bus;
use clock::Clock;
use events::Envelope;
use events::v1::{RecordingKnown, RecordingQuery, TrackStored};
use futures::StreamExt;
use metrics::{counter, gauge};
use objects::{Encryption, Objects};
use role::derive_id;
use sha2::{Digest, Sha256};
use store::Store;
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::journal::{Journal, STEP, SUFFIX};
use super::segments::{self, MINUTE, Segments};
use super::{About, Recording, Track};
use crate::db;
use crate::journal_file::{self, Unread};

/// How long until what could not be stored is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// How often the minutes of calls that go on are looked for.
const LOOK: Duration = Duration::from_secs(5);
/// How often it is looked for what processes have left that are gone.
const LEFT: Duration = Duration::from_secs(600);
/// How many journals are archived at the same time.
const CONCURRENCY: usize = 4;
/// How many minutes are uploaded at the same time.
const UPLOADS: usize = 2;
/// After each there is a pause as long as it took, within these.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(60);
/// How long an answer of recordings is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest track that is made an MP3 file, in steps: an hour. It is encoded in one go.
const LONGEST_MP3: u64 = 3_600 * session::FRAMES_PER_SECOND;
/// Steps that are read at once: two seconds.
const PIECE: usize = 100 * STEP;

/// The task, and whoever archives what is left at the end.
#[derive(Clone)]
pub struct Archive {
    /// Where journals lie.
    pub recording: Recording,
    /// What of them was uploaded while their calls go on.
    pub segments: Segments,
    /// Where files go.
    pub objects: Objects,
    /// Where sessions are.
    pub store: Store,
    /// Where it is told.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Cancelled at the process's end.
    pub stopping: CancellationToken,
}

/// Why a journal is not archived yet.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the journal cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("the object store: {0}")]
    Store(#[from] objects::Error),
    #[error("the file is no recording: {0}")]
    File(#[from] NotAudio),
    #[error("the bus: {0}")]
    Bus(#[from] bus::Error),
    #[error("the database: {0}")]
    Database(#[from] store::Error),
    #[error("what recordings answers cannot be read: {0}")]
    Answer(#[from] events::Error),
    #[error("its segments: {0}")]
    Segments(#[from] segments::Failed),
}

impl Archive {
    /// Archives what is there, then what ends, until the process ends; beside it the minutes of calls that go on are uploaded.
    pub async fn run(self) {
        tokio::join!(self.whole(), self.minutes());
    }

    async fn whole(&self) {
        let mut left = tokio::time::interval(LEFT);
        let mut look = tokio::time::interval(LOOK);
        let (mut waiting, mut last) = (self.round().await, Instant::now());
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.recording.ended.notified() => {}
                _ = left.tick() => self.restore().await,
                _ = look.tick() => {
                    let is_due = match waiting {
                        // What another process on the same folder has left when it was killed.
                        0 => self.is_left().await,
                        _ => last.elapsed() >= AGAIN,
                    };
                    if !is_due {
                        continue;
                    }
                }
            }
            (waiting, last) = (self.round().await, Instant::now());
        }
    }

    /// Whether there are journals that nobody writes.
    async fn is_left(&self) -> bool {
        let paths = journal_file::files(&self.recording.dir, SUFFIX).await;
        let session = |path: &PathBuf| path.file_stem()?.to_str().map(str::to_owned);
        let others = paths.unwrap_or_default().into_iter().filter(|path| {
            // Ours need not be opened to know that.
            session(path).is_none_or(|it| !self.recording.written.has(&it))
        });
        let others: Vec<PathBuf> = others.collect();
        let is_free =
            |path: &PathBuf| !matches!(Journal::take(path), Err(Unread::Busy | Unread::Gone));
        let looked = tokio::task::spawn_blocking(move || others.iter().any(is_free));
        looked.await.unwrap_or(false)
    }

    /// Uploads the minutes of calls that go on, until the process ends.
    async fn minutes(&self) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = look.tick() => {}
            }
            let due = self.segments.due(&self.recording.written);
            let uploads = futures::stream::iter(due).map(|session| self.minute(session));
            let uploads = uploads.buffer_unordered(UPLOADS).for_each(|()| async {});
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = uploads => {}
            }
        }
    }

    /// Uploads what is new of one. Calls that began together have their minutes at the same time: they are spread, so that the frames of
    /// calls are not late for them.
    async fn minute(&self, session: String) {
        let path = self.recording.dir.join(format!("{session}.{SUFFIX}"));
        let began = Instant::now();
        let uploaded = self
            .segments
            .upload(&path, &session, &self.recording.written);
        if let Err(error) = uploaded.await {
            warn!(%error, "a minute of a live recording is not uploaded yet; it is still in the data folder");
        }
        tokio::time::sleep(began.elapsed().clamp(PAUSE, LONGEST_PAUSE)).await;
    }

    /// Makes journals of what was uploaded by processes that are gone.
    async fn restore(&self) {
        let (dir, now) = (&self.recording.dir, self.clock.now());
        match self.segments.restore(dir, now).await {
            Ok(0) => {}
            Ok(restored) => {
                counter!("streams_recordings_restored_total").increment(restored as u64);
            }
            Err(error) => {
                warn!(%error, "it is not known whether processes that are gone have left recordings");
            }
        }
    }

    /// Archives what nobody writes any more; says how many journals wait for another time.
    pub async fn round(&self) -> usize {
        let paths = match journal_file::files(&self.recording.dir, SUFFIX).await {
            Ok(paths) => paths,
            Err(error) => {
                warn!(%error, "the folder of live recordings cannot be read");
                return 1;
            }
        };
        let waiting = futures::stream::iter(paths)
            .map(|path| self.one(path))
            .buffer_unordered(CONCURRENCY)
            .filter(|is_done| std::future::ready(!is_done))
            .count()
            .await;
        #[expect(clippy::cast_precision_loss, reason = "files in a folder")]
        gauge!("streams_recordings_waiting").set(waiting as f64);
        waiting
    }

    /// Whether nothing is left to be done about it.
    async fn one(&self, path: PathBuf) -> bool {
        let journal = match Journal::take(&path) {
            Ok(journal) => journal,
            Err(Unread::Busy | Unread::Gone) => return true,
            Err(error @ Unread::Unknown(_)) => {
                warn!(%error, file = %path.display(), "a live recording is set aside; its samples are still in the file");
                counter!("streams_recordings_unreadable_total").increment(1);
                return journal_file::set_aside(&path).await;
            }
            Err(error) => {
                warn!(%error, "a live recording waits");
                return false;
            }
        };
        let about = journal.about.clone();
        match self.archive(journal).await {
            Ok(()) => true,
            Err(error) => {
                warn!(%error, call.sid = about.call_sid, "a live recording is not stored yet; trying again");
                false
            }
        }
    }

    async fn archive(&self, journal: Journal) -> Result<(), Failed> {
        let is_wanted = journal.steps > 0 && self.is_wanted(&journal.about).await?;
        if journal.steps > 0 && !is_wanted {
            counter!("streams_recordings_forgotten_total").increment(1);
            info!("live tracks of a call that was forgotten are removed");
        }
        if is_wanted {
            for track in &journal.about.tracks {
                let stored = self.store(&journal, *track).await?;
                self.tell(&journal, &stored).await?;
                counter!("streams_tracks_stored_total", "type" => track.as_str()).increment(1);
            }
            info!(
                call.sid = journal.about.call_sid,
                part = journal.about.part,
                duration_ms = journal.duration_ms(),
                "live tracks stored"
            );
        }
        if journal.steps >= MINUTE {
            self.segments.remove(&journal.about).await?;
        }
        journal.remove()?;
        Ok(())
    }

    /// Whether the call is still known. Its session is gone when the call was forgotten, or when the time of its row was over: which of
    /// the two it was, recordings knows. While it does not answer the journal waits.
    async fn is_wanted(&self, about: &About) -> Result<bool, Failed> {
        let mut tx = self.store.read().await?;
        let session = db::session_find(&mut tx, &about.session_id).await?;
        drop(tx);
        if session.is_some() {
            return Ok(true);
        }
        let query = RecordingQuery {
            call_sid: about.call_sid.clone(),
        };
        let query = Envelope::new("trunkline/streams", &self.clock, &query);
        let answer = self.bus.request(query, PATIENCE).await?;
        Ok(answer.decode::<RecordingKnown>()?.known)
    }

    async fn store(&self, journal: &Journal, track: Track) -> Result<TrackStored, Failed> {
        let about = &journal.about;
        let stem = match about.part {
            0 | 1 => format!("{}.{}", about.call_sid, track.as_str()),
            part => format!("{}.{}-{part}", about.call_sid, track.as_str()),
        };
        let stem = format!("recordings/{}/{stem}", about.tenant_id);
        let mp3 = match about.format.as_str() {
            "mp3" => mp3(journal, track).await?,
            _ => None,
        };
        let format = if mp3.is_some() { "mp3" } else { "wav" };
        let key = format!("{stem}.{format}");
        let upload = self.objects.upload(&key, content_type(format)).await?;
        let mut file = Upload {
            // Whoever has the journal is the only one that stores it.
            upload: upload
                .encrypted(Encryption::named(&about.encryption, &about.kms_key))
                .replacing(),
            measure: Measure::new(),
            digest: Sha256::new(),
        };
        match mp3 {
            Some(bytes) => file.write(&bytes).await?,
            None => wav(journal, track, &mut file).await?,
        }
        let size_bytes = file.measure.size();
        let measured = file.measure.finish(Some(size_bytes))?;
        let mut peaks_key = String::new();
        if let Some(peaks) = &measured.peaks {
            peaks_key = format!("{stem}.peaks.json");
            let upload = self.objects.upload(&peaks_key, "application/json").await?;
            let how = Encryption::named(&about.encryption, &about.kms_key);
            let mut upload = upload.encrypted(how);
            for piece in peaks.json() {
                upload.write(piece.as_bytes()).await?;
            }
            upload.finish().await?;
        }
        file.upload.finish().await?;
        Ok(TrackStored {
            call_sid: about.call_sid.clone(),
            tenant_id: about.tenant_id.clone(),
            account_sid: about.account_sid.clone(),
            recording_type: track.as_str().to_owned(),
            key,
            format: format.to_owned(),
            channels: 1,
            duration_ms: journal.duration_ms(),
            size_bytes,
            sha256: hex::encode(file.digest.finalize()),
            started_at: about.started_at.clone(),
            peaks_key,
            part: about.part,
        })
    }

    async fn tell(&self, journal: &Journal, stored: &TrackStored) -> Result<(), Failed> {
        let about = &journal.about;
        let id = derive_id(&["track.stored", &about.session_id, &stored.recording_type]);
        let envelope = Envelope::at("trunkline/streams", id, self.clock.now(), stored)
            .tenant(about.tenant_id.clone())
            .key(about.call_sid.clone());
        self.bus.publish(&envelope).await?;
        Ok(())
    }
}

/// A file on its way, and what is to be known of it.
struct Upload {
    upload: objects::Upload,
    measure: Measure,
    digest: Sha256,
}

impl Upload {
    async fn write(&mut self, piece: &[u8]) -> Result<(), Failed> {
        self.measure.push(piece);
        self.digest.update(piece);
        Ok(self.upload.write(piece).await?)
    }
}

fn content_type(format: &str) -> &'static str {
    match format {
        "mp3" => "audio/mpeg",
        _ => "audio/wav",
    }
}

/// Writes a track as it is read, however long it is.
async fn wav(journal: &Journal, track: Track, to: &mut Upload) -> Result<(), Failed> {
    let header = audio::pcm_header(1, journal.steps * session::FRAME as u64);
    to.write(&header).await?;
    let mut file = journal.rewound()?;
    let mut left = journal.steps;
    let mut steps = vec![0; PIECE];
    while left > 0 {
        let taken = left.min((PIECE / STEP) as u64);
        let steps = &mut steps[..taken as usize * STEP];
        file.read_exact(steps).await?;
        to.write(&track.samples(steps)).await?;
        left -= taken;
    }
    Ok(())
}

/// A track as an MP3 file; `None` where it is too long to be held in memory, or this build writes none.
async fn mp3(journal: &Journal, track: Track) -> Result<Option<Vec<u8>>, Failed> {
    if journal.steps > LONGEST_MP3 {
        return Ok(None);
    }
    let mut steps = vec![0; journal.steps as usize * STEP];
    journal.rewound()?.read_exact(&mut steps).await?;
    let encoded = tokio::task::spawn_blocking(move || {
        let samples = track.samples(&steps);
        let samples = samples
            .chunks_exact(2)
            .map(|it| i16::from_le_bytes([it[0], it[1]]));
        Sound::mono(samples.collect()).to_mp3()
    });
    match encoded.await.map_err(io::Error::other)? {
        Ok(file) => Ok(Some(file)),
        Err(error) => {
            warn!(%error, "a live track is stored as WAV in place of MP3");
            Ok(None)
        }
    }
}
