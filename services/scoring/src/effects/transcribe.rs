//! What a caller said, in words.

use std::time::Duration;

use ai::{Ai, TranscribeRequest};
use async_trait::async_trait;
use audio::Sound;
use bytes::Bytes;
use clock::Time;
use events::v1::{AnswerTranscribe, AnswerTranscribed, AnswerTranscriptionFailed};
use role::{Cause, HandlerError, Outcome, Performer, derive_id};

use super::{PREFETCH, answered, told};
use crate::recordings::{Recordings, Wanted};
use crate::results::{Effect, EffectResult, Made, Miss, Results};
use crate::sides::SILENCE;
use crate::text::plain;
use crate::usage::Took;

/// Transcribes answers.
pub(crate) struct Transcribe {
    pub results: Results,
    pub ai: Ai,
    pub recordings: Recordings,
}

#[async_trait]
impl Performer for Transcribe {
    type Command = AnswerTranscribe;
    const NAME: &'static str = "transcribe";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: AnswerTranscribe,
    ) -> Result<Outcome, HandlerError> {
        let effect = Effect {
            kind: "transcribe",
            id: &command.answer_id,
            tenant: &command.tenant_id,
            // One recording has one transcript, whoever asks again and how. A second call has other recordings.
            made_of: derive_id(&[&command.recording_sid, &command.recording_url]),
        };
        let (id, tenant) = (command.answer_id.clone(), &command.tenant_id);
        let made = Box::pin(self.results.execute(&effect, cause, self.make(&command)));
        let outcome = made.await?;
        Ok(match outcome {
            EffectResult::Done(kept) => {
                let event = AnswerTranscribed {
                    answer_id: id,
                    interview_id: command.interview_id.clone(),
                    question_number: command.question_number,
                    transcript: kept.value,
                    usage: kept.took.as_ref().map(Took::told),
                };
                told(&event, &effect, tenant)
            }
            EffectResult::Failed(reason) => {
                let event = AnswerTranscriptionFailed {
                    answer_id: id,
                    interview_id: command.interview_id.clone(),
                    question_number: command.question_number,
                    reason: reason.to_owned(),
                };
                answered(&event, effect.id, cause, tenant)
            }
        })
    }
}

impl Transcribe {
    async fn make(&self, command: &AnswerTranscribe) -> Made<String> {
        let wanted = Wanted {
            tenant_id: &command.tenant_id,
            account_sid: &command.account_sid,
            sid: &command.recording_sid,
            url: &command.recording_url,
            until: command.patience_until.parse::<Time>().ok(),
        };
        let file = Bytes::from(self.recordings.fetch(&wanted).await?);
        if is_silent(file.clone()).await? {
            return Ok((String::new(), None));
        }
        let mut request = TranscribeRequest::new(file, "answer.wav");
        request.language.clone_from(&command.language);
        if let Some(wishes) = &command.wishes {
            request.model.clone_from(&wishes.transcribe_model);
        }
        let heard = self.ai.transcribe(&request).await?;
        Ok((plain(&heard.value), Some(heard.usage.into())))
    }
}

/// Whether there is nothing to hear; nobody need be paid to say so.
async fn is_silent(file: Bytes) -> Result<bool, Miss> {
    let judged = tokio::task::spawn_blocking(move || {
        if file.is_empty() {
            return Err(Miss::Never("recording_empty"));
        }
        let sound = Sound::read(&file).map_err(|_| Miss::Never("unreadable_audio"))?;
        if sound.samples.is_empty() {
            return Err(Miss::Never("recording_empty"));
        }
        Ok(sound.samples.iter().all(|s| s.unsigned_abs() < SILENCE))
    });
    judged.await.unwrap_or(Err(Miss::Never("unreadable_audio")))
}
