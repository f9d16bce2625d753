//! Fetching a recording from Twilio into the store: judged, measured and hashed while it passes, and never in memory as a whole.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use audio::{FileKind, Measure, Measured, NotAudio};
use clock::Clock;
use events::v1::{RecordingFetch, RecordingFetched, RecordingMissed};
use metrics::{counter, histogram};
use objects::{Encryption, Objects};
use role::{Accounts, Cause, HandlerError, Outcome, OutgoingEvent, Performer, recording_key};
use sha2::{Digest, Sha256};
use tracing::warn;
use twilio_api::{Client, Error, Media, MediaFormat, Pauses, RecordingStatus, Sought};

use crate::app::row;

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long Twilio may not know of a recording that it has told of: its lists lag behind.
const LAG: chrono::Duration = chrono::Duration::minutes(2);
/// How often a file is fetched again that is no sound.
const TRIES: u32 = 5;
/// Twilio counts whole seconds, and cuts the last one off.
const TOLERANCE_S: f64 = 2.0;

/// Fetches.
pub(crate) struct Fetch {
    pub accounts: Accounts,
    pub objects: Objects,
    pub clock: Clock,
    /// The wait before the second look; it doubles each time.
    pub first_wait: Duration,
}

#[async_trait]
impl Performer for Fetch {
    type Command = RecordingFetch;
    const NAME: &'static str = "fetch";

    /// Each holds more than a part of a file in memory.
    fn prefetch(&self) -> u16 {
        4
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: RecordingFetch,
    ) -> Result<Outcome, HandlerError> {
        let fetching = Fetching {
            of: self,
            cause,
            command: &command,
        };
        let event = match fetching.run().await? {
            FetchResult::Stored(fetched) => OutgoingEvent::new(&fetched),
            FetchResult::Missed(missed) => OutgoingEvent::new(&missed),
        };
        Ok(Outcome::nothing().publish(event.key(&command.call_sid).tenant(&command.tenant_id)))
    }
}

enum FetchResult {
    Stored(RecordingFetched),
    Missed(RecordingMissed),
}

struct Fetching<'a> {
    of: &'a Fetch,
    cause: &'a Cause,
    command: &'a RecordingFetch,
}

/// Why a file was not stored.
enum Broken {
    /// The other side, or the store, is away.
    Away(String),
    /// It is no sound.
    NotAudio(NotAudio),
}

impl Fetching<'_> {
    async fn run(&self) -> Result<FetchResult, HandlerError> {
        let command = self.command;
        let client = self.of.accounts.of(&command.account_sid).await;
        let client = client.ok_or_else(|| {
            HandlerError::unavailable(format!(
                "no credentials are known for the account {:?}",
                command.account_sid
            ))
        })?;
        // The file is asked for by its SID, at our own base address; an address on another host is not Twilio's word.
        if !command.url.is_empty() && !client.is_own(&command.url) {
            warn!(
                recording.sid = command.recording_sid,
                "a RecordingUrl names another host than Twilio's: nothing is fetched"
            );
            return Ok(self.missed(
                "failed",
                "foreign_host",
                "RecordingUrl is not on Twilio's host",
            ));
        }
        let media = match self.seek(&client).await {
            Ok(Sought::File(media)) => media,
            Ok(other) => return self.no_file(&other),
            Err(e) if e.is_retryable() => return Err(self.away(e.to_string(), e.retry_after())),
            // Credentials may be on their way: a rotated token, an account that was suspended for an hour.
            Err(
                e @ Error::Refused {
                    status: 401 | 403, ..
                },
            ) if !self.is_late() => {
                return Err(self.away(e.to_string(), None));
            }
            Err(Error::Setup(why)) => return Ok(self.missed("failed", "invalid_sid", why)),
            Err(e) => return Ok(self.missed("failed", "refused_by_twilio", &e.to_string())),
        };
        let started = Instant::now();
        match self.copy(media).await {
            Ok(fetched) => {
                let took = started.elapsed().as_secs_f64();
                histogram!("recordings_fetch_seconds").record(took);
                counter!("recordings_bytes_total").increment(fetched.size_bytes);
                counter!("recordings_fetch_total", "outcome" => "stored").increment(1);
                Ok(FetchResult::Stored(fetched))
            }
            Err(Broken::Away(why)) => {
                counter!("recordings_fetch_total", "outcome" => "away").increment(1);
                Err(self.away(why, None))
            }
            Err(Broken::NotAudio(why)) if self.cause.attempt < TRIES => {
                counter!("recordings_fetch_total", "outcome" => "not_audio").increment(1);
                Err(self.away(why.to_string(), None))
            }
            Err(Broken::NotAudio(NotAudio::Nothing)) => {
                Ok(self.missed("absent", "empty", "the file has a header and no sound"))
            }
            Err(Broken::NotAudio(why)) => Ok(self.missed("failed", "not_audio", &why.to_string())),
        }
    }

    /// Both channels where there are two. MP3 where it is wanted and the other side has it.
    async fn seek(&self, client: &Client) -> Result<Sought, Error> {
        let format = match self.command.format.as_str() {
            "mp3" => MediaFormat::Mp3,
            _ => MediaFormat::Wav,
        };
        let channels = (self.command.channels != 1).then_some(2);
        let sid = &self.command.recording_sid;
        client.recordings().seek(sid, format, channels).await
    }

    /// Whether there ever will be a file.
    fn no_file(&self, sought: &Sought) -> Result<FetchResult, HandlerError> {
        match sought {
            Sought::Unknown => {
                let lagging = self.of.clock.now() - self.cause.time < LAG;
                if lagging && !self.is_late() {
                    return Err(
                        self.away("Twilio does not know the recording yet".to_owned(), None)
                    );
                }
                let why = "Twilio has no such recording";
                Ok(self.missed("deleted", "deleted_at_twilio", why))
            }
            Sought::Never { status, error_code } => {
                let (status, reason) = match status {
                    RecordingStatus::Absent => ("absent", "absent_at_twilio"),
                    RecordingStatus::Deleted => ("deleted", "deleted_at_twilio"),
                    _ => ("failed", "failed_at_twilio"),
                };
                Ok(self.missed_with_code(status, reason, "", *error_code))
            }
            _ if self.is_late() => Ok(self.missed("failed", "never_there", "")),
            _ => Err(self.away("the file is not there yet".to_owned(), None)),
        }
    }

    async fn copy(&self, mut media: Media) -> Result<RecordingFetched, Broken> {
        let command = self.command;
        let announced = media.length;
        let away = |e: Error| Broken::Away(e.to_string());
        let first = media.chunk().await.map_err(away)?.unwrap_or_default();
        let (mut measure, mut digest) = (Measure::new(), Sha256::new());
        let Some(kind) = FileKind::of(&first) else {
            return Err(Broken::NotAudio(what_it_is(first, media).await));
        };
        let key = |extension| recording_key(&command.tenant_id, &command.recording_sid, extension);
        let (key, peaks_key) = (key(kind.extension()), key("peaks.json"));
        let upload = self.of.objects.upload(&key, kind.content_type()).await;
        // One command stores it: what a process that died has begun is in nobody's hands any more.
        let mut upload = upload
            .map_err(|e| Broken::Away(e.to_string()))?
            .encrypted(self.encryption())
            .replacing();
        let mut piece = Some(first);
        // What is waited for the store, apart from what is waited for Twilio.
        let mut uploading = Duration::ZERO;
        while let Some(bytes) = piece {
            measure.push(&bytes);
            digest.update(&bytes);
            let begun = Instant::now();
            upload
                .write(&bytes)
                .await
                .map_err(|e| Broken::Away(e.to_string()))?;
            uploading += begun.elapsed();
            piece = media.chunk().await.map_err(away)?;
        }
        let begun = Instant::now();
        // The peaks of a long call need the memory that its last parts have.
        upload
            .drain()
            .await
            .map_err(|e| Broken::Away(e.to_string()))?;
        uploading += begun.elapsed();
        let size = measure.size();
        let measured = match measure
            .finish(announced)
            .and_then(|it| self.long_enough(it, size))
        {
            Ok(measured) => measured,
            Err(why) => {
                let _ = upload.abort().await;
                return Err(Broken::NotAudio(why));
            }
        };
        let begun = Instant::now();
        let peaks_key = self.store_peaks(peaks_key, &measured).await?;
        upload
            .finish()
            .await
            .map_err(|e| Broken::Away(e.to_string()))?;
        uploading += begun.elapsed();
        histogram!("recordings_upload_seconds").record(uploading.as_secs_f64());
        Ok(RecordingFetched {
            recording_id: command.recording_id.clone(),
            recording_sid: command.recording_sid.clone(),
            call_sid: command.call_sid.clone(),
            key,
            peaks_key,
            format: kind.extension().to_owned(),
            channels: u32::from(measured.channels),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a call lasts a day at most"
            )]
            duration_ms: (measured.seconds * 1000.0).round() as u32,
            size_bytes: size,
            sha256: hex::encode(digest.finalize()),
        })
    }

    /// A file much shorter than Twilio has said is fetched again, a few times; then it counts as it is: it is all there is.
    fn long_enough(&self, measured: Measured, size: u64) -> Result<Measured, NotAudio> {
        let told = f64::from(self.command.duration_s.unwrap_or_default());
        if measured.seconds + TOLERANCE_S < told && self.cause.attempt < TRIES {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "for people; a file is smaller than 2^52 bytes"
            )]
            let announced = (size as f64 * told / measured.seconds.max(0.001)) as u64;
            return Err(NotAudio::Truncated {
                announced,
                got: size,
            });
        }
        Ok(measured)
    }

    async fn store_peaks(&self, key: String, measured: &Measured) -> Result<String, Broken> {
        let Some(peaks) = &measured.peaks else {
            return Ok(String::new());
        };
        let away = |e: objects::Error| Broken::Away(e.to_string());
        let upload = self.of.objects.upload(&key, "application/json").await;
        let mut upload = upload.map_err(away)?.encrypted(self.encryption());
        for piece in peaks.json() {
            upload.write(piece.as_bytes()).await.map_err(away)?;
        }
        upload.finish().await.map_err(away)?;
        Ok(key)
    }

    /// How the tenant has its recordings encrypted.
    fn encryption(&self) -> Encryption {
        Encryption::named(&self.command.encryption, &self.command.kms_key)
    }

    /// Whether its time is over.
    fn is_late(&self) -> bool {
        row::time(&self.command.expires_at).is_some_and(|until| self.of.clock.now() > until)
    }

    /// It is tried again, with growing pauses, however long it takes.
    fn away(&self, reason: String, retry_after: Option<Duration>) -> HandlerError {
        let pauses = Pauses {
            first: self.of.first_wait,
            longest: LONGEST_WAIT,
        };
        HandlerError::Unavailable {
            reason,
            retry_after: Some(retry_after.unwrap_or_else(|| pauses.after(self.cause.attempt))),
        }
    }

    fn missed(&self, status: &str, reason: &str, detail: &str) -> FetchResult {
        self.missed_with_code(status, reason, detail, None)
    }

    fn missed_with_code(
        &self,
        status: &str,
        reason: &str,
        detail: &str,
        code: Option<u32>,
    ) -> FetchResult {
        FetchResult::Missed(RecordingMissed {
            recording_id: self.command.recording_id.clone(),
            recording_sid: self.command.recording_sid.clone(),
            call_sid: self.command.call_sid.clone(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            detail: detail.to_owned(),
            error_code: code.unwrap_or_default(),
        })
    }
}

/// Why something that begins like no sound is none.
async fn what_it_is(mut head: Vec<u8>, mut media: Media) -> NotAudio {
    while head.len() < audio::HEAD {
        match media.chunk().await {
            Ok(Some(more)) => head.extend_from_slice(&more),
            _ => break,
        }
    }
    let size = head.len() as u64;
    audio::Judged::of(&head, size, None)
        .err()
        .unwrap_or(NotAudio::Unknown)
}
