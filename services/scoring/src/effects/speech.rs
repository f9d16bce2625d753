//! A text as sound, once.

use std::time::Duration;

use ai::{Ai, Provider, SpeakRequest};
use async_trait::async_trait;
use audio::{Judged, Sound};
use events::v1::{
    AiPreferences, SpeechRestore, SpeechSynthesisFailed, SpeechSynthesize, SpeechSynthesized,
};
use objects::Object;
use role::budget::OVER_BUDGET;
use role::{Cause, HandlerError, Outcome, Performer};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::{PREFETCH, answered};
use crate::providers::Speaker;
use crate::results::{Effect, EffectResult, Kept, Miss, Results};
use crate::usage::Took;

/// Where prompts are in the object store.
pub(crate) const FOLDER: &str = "audio/";
/// Why a prompt that was there has no sound any more.
const GONE: &str = "gone";
/// What a provider takes at most.
const LONGEST: usize = 4_000;

/// Speaks.
#[derive(Clone)]
pub(crate) struct Speak {
    pub results: Results,
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
    /// By which it can be made again; none: another command made it.
    #[serde(default)]
    order: Option<Order>,
}

/// What a prompt says, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    tenant_id: String,
    text: String,
    language: String,
    voice_provider: String,
    voice: String,
    speech_model: String,
}

impl From<&SpeechSynthesize> for Order {
    fn from(command: &SpeechSynthesize) -> Self {
        let wishes = command.wishes.clone().unwrap_or_default();
        Self {
            tenant_id: command.tenant_id.clone(),
            text: command.text.clone(),
            language: command.language.clone(),
            voice_provider: wishes.voice_provider,
            voice: wishes.voice,
            speech_model: wishes.speech_model,
        }
    }
}

impl Order {
    fn into_command(self, key: String) -> SpeechSynthesize {
        SpeechSynthesize {
            key,
            tenant_id: self.tenant_id,
            text: self.text,
            language: self.language,
            wishes: Some(AiPreferences {
                voice_provider: self.voice_provider,
                voice: self.voice,
                speech_model: self.speech_model,
                ..AiPreferences::default()
            }),
        }
    }
}

#[async_trait]
impl Performer for Speak {
    type Command = SpeechSynthesize;
    const NAME: &'static str = "speech";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: SpeechSynthesize,
    ) -> Result<Outcome, HandlerError> {
        if !is_key(&command.key) {
            return Err(HandlerError::Reject("speech without a key".into()));
        }
        Ok(match self.spoken(cause, &command).await? {
            EffectResult::Done(kept) => spoken(kept, cause, &command),
            EffectResult::Failed(reason) => {
                refused(&effect(&command.key), cause, &command.tenant_id, reason)
            }
        })
    }
}

/// Makes prompts again that are gone.
pub(crate) struct Restore(pub Speak);

#[async_trait]
impl Performer for Restore {
    type Command = SpeechRestore;
    const NAME: &'static str = "restore";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.0.results.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: SpeechRestore,
    ) -> Result<Outcome, HandlerError> {
        let key = command.key;
        if !is_key(&key) {
            return Err(HandlerError::Reject("speech without a key".into()));
        }
        let effect = effect(&key);
        let kept = match self.0.results.kept::<Prompt>(&effect).await {
            Ok(kept) => kept,
            Err(miss) => match self.0.results.settle::<Prompt>(&effect, cause, miss)? {
                EffectResult::Done(kept) => Some(kept),
                EffectResult::Failed(_) => None,
            },
        };
        let Some(order) = kept.and_then(|kept| kept.value.order) else {
            return Ok(refused(&effect, cause, "", GONE));
        };
        let command = order.into_command(key.clone());
        match self.0.spoken(cause, &command).await? {
            EffectResult::Done(kept) => Ok(spoken(kept, cause, &command)),
            EffectResult::Failed(_) => Ok(refused(&effect, cause, &command.tenant_id, GONE)),
        }
    }
}

/// Whether it can be a prompt's name.
fn is_key(key: &str) -> bool {
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    (16..=64).contains(&key.len()) && key.bytes().all(hex)
}

fn effect(key: &str) -> Effect<'_> {
    Effect {
        kind: "speech",
        id: key,
        // It serves whoever says the same words in the same voice; who orders it first pays.
        tenant: "",
        made_of: String::new(),
    }
}

/// There is sound. Whoever asks is told, also of what was made for another command.
fn spoken(kept: Kept<Prompt>, cause: &Cause, command: &SpeechSynthesize) -> Outcome {
    let event = SpeechSynthesized {
        key: command.key.clone(),
        file: kept.value.file,
        content_type: kept.value.content_type,
        duration_ms: kept.value.duration_ms,
        usage: kept.took.as_ref().map(Took::told),
    };
    answered(&event, &command.key, cause, &command.tenant_id).reply(&event)
}

/// There is no sound, and why.
fn refused(effect: &Effect<'_>, cause: &Cause, tenant: &str, reason: &str) -> Outcome {
    let event = SpeechSynthesisFailed {
        key: effect.id.to_owned(),
        reason: reason.to_owned(),
    };
    answered(&event, effect.id, cause, tenant).reply(&event)
}

impl Speak {
    /// The prompt, made if it is not there.
    async fn spoken(
        &self,
        cause: &Cause,
        command: &SpeechSynthesize,
    ) -> Result<EffectResult<Prompt>, HandlerError> {
        let effect = effect(&command.key);
        let _lock = self.results.lock(&effect).await;
        match self.done(&effect, cause, command).await {
            Ok(kept) => Ok(EffectResult::Done(kept)),
            Err(miss) => self.results.settle(&effect, cause, miss),
        }
    }

    async fn done(
        &self,
        effect: &Effect<'_>,
        cause: &Cause,
        command: &SpeechSynthesize,
    ) -> Result<Kept<Prompt>, Miss> {
        if let Some(mut kept) = self.there(effect).await? {
            // One whose story was lost: from now on it can be made again.
            if kept.value.order.is_none() {
                kept.value.order = Some(command.into());
                self.results.keep(effect, &kept).await;
            }
            return Ok(kept);
        }
        let tenant = &command.tenant_id;
        if self.results.budget.is_spent(tenant).await {
            return Err(Miss::Never(OVER_BUDGET));
        }
        let kept = self.make(command).await?;
        self.results.spent(tenant, kept.took.as_ref());
        self.results.note(effect, cause, kept.took.as_ref());
        self.results.keep(effect, &kept).await;
        Ok(kept)
    }

    /// What was made before, if its file is there, can be played, and may be heard: tones were for another listener.
    async fn there(&self, effect: &Effect<'_>) -> Result<Option<Kept<Prompt>>, Miss> {
        if let Some(kept) = self.results.kept::<Prompt>(effect).await? {
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
        let Some(object) = self.results.objects.get(&format!("{FOLDER}{file}")).await? else {
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
        let objects = &self.results.objects;
        let place = format!("{FOLDER}{file}");
        objects
            .put(&place, speech.bytes, speech.content_type)
            .await?;
        let value = Prompt {
            file,
            content_type: speech.content_type.to_owned(),
            duration_ms: speech.duration.map_or(0, milliseconds),
            order: Some(command.into()),
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
        order: None,
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
