//! A text as sound, once.

use std::time::Duration;

use ai::{Ai, Provider, SpeakRequest};
use async_trait::async_trait;
use audio::{Judged, Sound};
use events::v1::{SpeechNotSynthesized, SpeechSynthesize, SpeechSynthesized};
use objects::Object;
use role::{Cause, Decision, HandlerError, Performer};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{PREFETCH, answered};
use crate::once::{Effect, Kept, Miss, Once, Outcome};
use crate::providers::Speaker;
use crate::usage::Took;

/// Where prompts are in the object store.
pub(crate) const FOLDER: &str = "audio/";
/// What a provider takes at most.
const LONGEST: usize = 4_000;

/// Speaks.
pub(crate) struct Speak {
    pub once: Once,
    pub ai: Ai,
    pub speaker: Speaker,
}

/// A prompt that is there.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Prompt {
    file: String,
    content_type: String,
    /// 0: not known.
    duration_ms: u32,
}

#[async_trait]
impl Performer for Speak {
    type Command = SpeechSynthesize;
    const NAME: &'static str = "speech";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.once.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: SpeechSynthesize,
    ) -> Result<Decision, HandlerError> {
        let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if !(16..=64).contains(&command.key.len()) || !command.key.bytes().all(hex) {
            return Err(HandlerError::Reject("speech without a key".into()));
        }
        let effect = Effect {
            kind: "speech",
            id: &command.key,
            made_of: String::new(),
        };
        let outcome = {
            let _turn = self.once.turn(&effect).await;
            match self.done(&effect, &command).await {
                Ok(kept) => Outcome::Done(kept),
                Err(miss) => self.once.settle(&effect, cause, miss)?,
            }
        };
        let (key, tenant) = (command.key.clone(), &command.tenant_id);
        Ok(match outcome {
            Outcome::Done(kept) => {
                let event = SpeechSynthesized {
                    key,
                    file: kept.value.file,
                    content_type: kept.value.content_type,
                    duration_ms: kept.value.duration_ms,
                    usage: kept.took.as_ref().map(Took::told),
                };
                // Whoever asks is told, also of what was made for somebody else.
                answered(&event, effect.id, cause, tenant)
            }
            Outcome::Not(reason) => {
                let event = SpeechNotSynthesized {
                    key,
                    reason: reason.to_owned(),
                };
                answered(&event, effect.id, cause, tenant)
            }
        })
    }
}

impl Speak {
    async fn done(
        &self,
        effect: &Effect<'_>,
        command: &SpeechSynthesize,
    ) -> Result<Kept<Prompt>, Miss> {
        if let Some(kept) = self.there(effect).await? {
            return Ok(kept);
        }
        let kept = self.make(command).await?;
        self.once.keep(effect, &kept).await;
        Ok(kept)
    }

    /// What was made before, if its file is there, can be played, and may be heard: tones were for another listener.
    async fn there(&self, effect: &Effect<'_>) -> Result<Option<Kept<Prompt>>, Miss> {
        if let Some(kept) = self.once.kept::<Prompt>(effect).await? {
            let tones = kept.took.as_ref().is_some_and(|took| took.simulated);
            if tones && self.speaker != Speaker::Simulated {
                return Ok(None);
            }
            let playable = self.playable(&kept.value.file).await?.is_some();
            return Ok(Some(kept).filter(|_| playable));
        }
        for ending in ["wav", "mp3"] {
            let file = format!("{}.{ending}", effect.id);
            if let Some(object) = self.playable(&file).await? {
                let kept = Kept {
                    made_of: String::new(),
                    value: prompt(file, &object),
                    took: None,
                };
                return Ok(Some(kept));
            }
        }
        Ok(None)
    }

    /// A prompt as it is in the store; `None` when there is none, or none that can be played: what is told as playable is
    /// looked at each time, for an operator may have removed or replaced it.
    async fn playable(&self, file: &str) -> Result<Option<Object>, Miss> {
        let Some(object) = self.once.objects.get(&format!("{FOLDER}{file}")).await? else {
            return Ok(None);
        };
        match Judged::of(&object.bytes, object.size, None) {
            Ok(Judged::Wav { .. } | Judged::Mp3) => Ok(Some(object)),
            Ok(Judged::Empty) => {
                warn!(file, "a prompt without sound is made again");
                Ok(None)
            }
            Err(e) => {
                warn!(file, error = %e, "a prompt that cannot be played is made again");
                Ok(None)
            }
        }
    }

    async fn make(&self, command: &SpeechSynthesize) -> Result<Kept<Prompt>, Miss> {
        if self.speaker == Speaker::Nobody {
            return Err(Miss::Never("no_provider"));
        }
        if command.text.trim().is_empty() {
            return Err(Miss::Never("nothing_to_say"));
        }
        if command.text.len() > LONGEST {
            return Err(Miss::Never("text_too_long"));
        }
        let mut request = SpeakRequest::new(&command.text);
        request.language.clone_from(&command.language);
        if let Some(wishes) = &command.wishes {
            request.provider = Provider::named(&wishes.voice_provider);
            request.voice.clone_from(&wishes.voice);
            request.model.clone_from(&wishes.speech_model);
        }
        let spoken = self.ai.speak(&request).await?;
        let speech = spoken.value;
        let file = format!("{}.{}", command.key, speech.extension);
        let objects = &self.once.objects;
        let place = format!("{FOLDER}{file}");
        objects
            .put(&place, speech.bytes, speech.content_type)
            .await?;
        let value = Prompt {
            file,
            content_type: speech.content_type.to_owned(),
            duration_ms: speech.duration.map_or(0, milliseconds),
        };
        Ok(Kept {
            made_of: String::new(),
            value,
            took: Some(spoken.usage.into()),
        })
    }
}

/// A file whose story was lost: its process died before it could be told.
fn prompt(file: String, object: &Object) -> Prompt {
    let duration = Sound::read(&object.bytes)
        .ok()
        .and_then(|sound| Duration::try_from_secs_f64(sound.seconds()).ok());
    Prompt {
        file,
        content_type: object.content_type.clone(),
        duration_ms: duration.map_or(0, milliseconds),
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
