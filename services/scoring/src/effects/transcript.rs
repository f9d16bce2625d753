//! Who said what in a recording, in words: each channel's stretches, transcribed one by one and kept as one document in the store.

use std::time::Duration;

use ai::{Ai, TranscribeRequest};
use async_trait::async_trait;
use clock::{Clock, Time};
use events::v1::{RecordingTranscribe, RecordingTranscribed};
use role::budget::OVER_BUDGET;
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer, derive_id};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use twilio_api::Pauses;

use crate::results::{Miss, Results};
use crate::sides::{Said, said};
use crate::text::plain;
use crate::usage::Took;

/// A file is in memory as a whole here, and its samples: no longer recording is transcribed.
const LONGEST_MS: u32 = 3_600_000;
const LARGEST: usize = 160 << 20;
/// The longest wait before a provider that is away is asked again.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Transcribes recordings of calls.
pub(crate) struct Transcript {
    pub results: Results,
    pub ai: Ai,
    pub clock: Clock,
    /// The wait before a provider that is away is asked again; it doubles each time.
    pub first_wait: Duration,
}

/// A transcript, as it is kept.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Document {
    /// The digest of the file that it is of: another file has another transcript.
    sha256: String,
    language: String,
    /// Turns that are still to come were not paid for yet.
    is_whole: bool,
    turns: Vec<Turn>,
    /// None: nobody was asked.
    usage: Option<Took>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Turn {
    speaker: String,
    from_s: f64,
    to_s: f64,
    text: String,
    /// Each word with its place, where the provider gives it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    words: Vec<Word>,
}

/// A word, and where it is in the recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Word {
    text: String,
    from_s: f64,
    to_s: f64,
}

#[async_trait]
impl Performer for Transcript {
    type Command = RecordingTranscribe;
    const NAME: &'static str = "transcript";

    /// Each has a recording in memory.
    fn prefetch(&self) -> u16 {
        1
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: RecordingTranscribe,
    ) -> Result<Outcome, HandlerError> {
        let _turn = self.results.locks.take(&command.transcript_key).await;
        let mut document = Document::default();
        let made = Box::pin(self.make(&command, &mut document)).await;
        let reason = match made {
            Ok(()) => "",
            Err(miss) => {
                // What was paid for is not paid for again.
                if !document.turns.is_empty() {
                    self.keep(&command, &document).await?;
                }
                self.settle(cause, &command, miss)?
            }
        };
        let told = RecordingTranscribed {
            recording_id: command.recording_id.clone(),
            call_sid: command.call_sid.clone(),
            key: command.key.clone(),
            transcript_key: match reason {
                "" => command.transcript_key.clone(),
                _ => String::new(),
            },
            turns: u32::try_from(document.turns.len()).unwrap_or(u32::MAX),
            usage: document.usage.as_ref().map(Took::told),
            reason: reason.to_owned(),
        };
        let id = [
            "recording.transcribed",
            command.recording_id.as_str(),
            command.sha256.as_str(),
            reason,
        ];
        Ok(Outcome::nothing().publish(
            OutgoingEvent::new(&told)
                .id(derive_id(&id))
                .key(command.call_sid)
                .tenant(command.tenant_id),
        ))
    }
}

impl Transcript {
    async fn make(
        &self,
        command: &RecordingTranscribe,
        document: &mut Document,
    ) -> Result<(), Miss> {
        if command.duration_ms > LONGEST_MS {
            return Err(Miss::Never("recording_too_long"));
        }
        if let Some(kept) = self.kept(command).await? {
            *document = kept;
        }
        if document.is_whole {
            info!(recording.id = command.recording_id, "transcribed before");
            return Ok(());
        }
        document.sha256.clone_from(&command.sha256);
        document.language.clone_from(&command.language);
        let file = self.file(command).await?;
        let cut = tokio::task::spawn_blocking(move || said(&file));
        let all = cut.await.unwrap_or(Err(Miss::Never("unreadable_audio")))?;
        for said in all.into_iter().skip(document.turns.len()) {
            let (turn, took) = self.hear(command, said).await?;
            document.turns.push(turn);
            document.usage = Some(match document.usage.take() {
                Some(before) => before.and(took),
                None => took,
            });
        }
        document.is_whole = true;
        self.keep(command, document).await.map_err(|e| Miss::Later {
            reason: "store_failed",
            why: e.to_string(),
        })
    }

    /// What was kept of this file.
    async fn kept(&self, command: &RecordingTranscribe) -> Result<Option<Document>, Miss> {
        let object = self.results.objects.get(&command.transcript_key).await?;
        let document: Option<Document> =
            object.and_then(|it| serde_json::from_slice(&it.bytes).ok());
        Ok(document.filter(|it| it.sha256 == command.sha256))
    }

    async fn file(&self, command: &RecordingTranscribe) -> Result<Vec<u8>, Miss> {
        let found = Box::pin(self.results.objects.stream(&command.key, None)).await?;
        let mut object = found.ok_or(Miss::Never("recording_gone"))?;
        let mut file = Vec::new();
        while let Some(piece) = object.chunk().await? {
            file.extend_from_slice(&piece);
            if file.len() > LARGEST {
                return Err(Miss::Never("recording_too_large"));
            }
        }
        Ok(file)
    }

    async fn hear(&self, command: &RecordingTranscribe, said: Said) -> Result<(Turn, Took), Miss> {
        let tenant = &command.tenant_id;
        if self.results.budget.is_spent(tenant).await {
            return Err(Miss::Never(OVER_BUDGET));
        }
        let mut request = TranscribeRequest::new(said.file, "turn.wav");
        request.language.clone_from(&command.language);
        request.model.clone_from(&command.model);
        request.words = true;
        let heard = Box::pin(self.ai.listen(&request)).await?;
        // What was sent begins where the stretch does.
        let word = |it: ai::HeardWord| Word {
            text: plain(&it.text),
            from_s: said.from_s + it.from_s,
            to_s: said.from_s + it.to_s,
        };
        let turn = Turn {
            speaker: said.speaker.to_owned(),
            from_s: said.from_s,
            to_s: said.to_s,
            text: plain(&heard.value.text),
            words: heard.value.words.into_iter().map(word).collect(),
        };
        let took = heard.usage.into();
        self.results.spent(tenant, Some(&took));
        Ok((turn, took))
    }

    /// As the recording itself is kept.
    async fn keep(
        &self,
        command: &RecordingTranscribe,
        document: &Document,
    ) -> Result<(), HandlerError> {
        let away = |e: objects::Error| HandlerError::unavailable(e.to_string());
        let bytes =
            serde_json::to_vec(document).map_err(|e| HandlerError::Reject(e.to_string()))?;
        let how = objects::Encryption::named(&command.encryption, &command.kms_key);
        let upload = self
            .results
            .objects
            .upload(&command.transcript_key, "application/json");
        let mut upload = upload.await.map_err(away)?.encrypted(how);
        upload.write(&bytes).await.map_err(away)?;
        upload.finish().await.map_err(away)
    }

    /// Nobody is on the phone: a provider or a store that is away is waited for, with growing pauses, until the command's time is over.
    fn settle(
        &self,
        cause: &Cause,
        command: &RecordingTranscribe,
        miss: Miss,
    ) -> Result<&'static str, HandlerError> {
        let until = command.patience_until.parse::<Time>();
        let is_late = until.is_ok_and(|until| self.clock.now() > until);
        let (reason, why, after) = match miss {
            Miss::Never(reason) => return Ok(reason),
            Miss::Later { reason, why } => {
                let pauses = Pauses {
                    first: self.first_wait,
                    longest: LONGEST_WAIT,
                };
                (reason, why, pauses.after(cause.attempt))
            }
            Miss::NotYet { why, after } => ("not_yet", why, after),
        };
        if is_late {
            warn!(
                recording.id = command.recording_id,
                reason, why, "not transcribed"
            );
            return Ok(reason);
        }
        Err(HandlerError::Unavailable {
            reason: why,
            retry_after: Some(after),
        })
    }
}
