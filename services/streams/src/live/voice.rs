//! Ears and a voice: words of an utterance, sound of a line. Lines that recur are kept.

use std::collections::HashMap;
use std::sync::Arc;

use ai::{Ai, Ears, Provider, SpeakRequest, TranscribeRequest, Words};
use audio::{Encoding, Sound, mulaw};
use events::v1::AiPreferences;
use metrics::counter;
use parking_lot::Mutex;
use role::budget::Budget;
use tracing::warn;

/// Sound that is kept, in bytes: about half an hour of it.
const MEMORY: usize = 16 << 20;

/// The providers, and what they have spoken before. Clones share it.
#[derive(Clone)]
pub struct Voice {
    ai: Ai,
    budget: Budget,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    lines: HashMap<String, Arc<[u8]>>,
    size: usize,
}

impl Voice {
    /// Nothing has been spoken yet.
    pub fn new(ai: Ai, budget: Budget) -> Self {
        Self {
            ai,
            budget,
            kept: Arc::default(),
        }
    }

    /// Opens connections to the providers, where none were used lately.
    pub async fn warm(self) {
        self.ai.warm().await;
    }

    /// Whether a provider is configured that listens while a caller speaks.
    pub fn has_ears(&self) -> bool {
        self.ai.has_ears()
    }

    /// Opens ears; `None`: nobody is configured.
    pub fn ears(&self, language: &str) -> Option<Ears> {
        self.ai.ears(language)
    }

    /// The words of an utterance: of whoever has listened along; where nobody has, or it does not come to its end, of the utterance as
    /// a whole. Empty when there are none, or nobody can tell.
    pub async fn understand(
        &self,
        tenant: &str,
        words: Option<Words>,
        sound: &[u8],
        language: &str,
        wishes: &AiPreferences,
    ) -> String {
        let Some(words) = words else {
            return self.transcribe(tenant, sound, language, wishes).await;
        };
        match words.heard().await {
            Ok(answer) => {
                self.budget.spent(tenant, answer.usage.cost_micro_usd);
                counter!("streams_heard_along_total").increment(1);
                answer.value
            }
            Err(error) => {
                counter!("streams_ears_failures_total").increment(1);
                warn!(%error, "an utterance was not understood along the way; it is transcribed as a whole");
                self.transcribe(tenant, sound, language, wishes).await
            }
        }
    }

    /// The words in an utterance; empty when there are none, or nobody can tell.
    async fn transcribe(
        &self,
        tenant: &str,
        sound: &[u8],
        language: &str,
        wishes: &AiPreferences,
    ) -> String {
        let sound = Sound::mono(mulaw::decode_all(sound));
        let Ok(file) = sound.to_wav(Encoding::Pcm16) else {
            return String::new();
        };
        let mut request = TranscribeRequest::new(file, "utterance.wav");
        language.clone_into(&mut request.language);
        request.model.clone_from(&wishes.transcribe_model);
        match self.ai.transcribe(&request).await {
            Ok(answer) => {
                self.budget.spent(tenant, answer.usage.cost_micro_usd);
                answer.value
            }
            Err(error) => {
                counter!("streams_transcription_failures_total").increment(1);
                warn!(%error, "an utterance was not transcribed; the caller is asked again");
                String::new()
            }
        }
    }

    /// A line's sound in mu-law, given out while it comes. False when nobody can speak it, or not to its end.
    pub async fn speak(
        &self,
        tenant: &str,
        text: &str,
        language: &str,
        wishes: &AiPreferences,
        sound: impl Fn(Arc<[u8]>) + Send + Sync,
    ) -> bool {
        let (provider, voice) = (&wishes.voice_provider, &wishes.voice);
        let key = flow::speech::key(text, language, provider, voice, &wishes.speech_model);
        let kept = self.kept().lines.get(&key).cloned();
        if let Some(kept) = kept {
            counter!("streams_speech_total", "from" => "memory").increment(1);
            sound(kept);
            return true;
        }
        // The call goes on as where there is no voice: with Twilio's, or with a person.
        if self.budget.is_spent(tenant).await {
            warn!(
                tenant.id = tenant,
                "a line is not spoken: the tenant has spent what it may today"
            );
            return false;
        }
        let mut request = SpeakRequest::new(text);
        language.clone_into(&mut request.language);
        request.provider = Provider::named(provider);
        request.voice.clone_from(voice);
        request.model.clone_from(&wishes.speech_model);
        let whole = Mutex::new(Vec::new());
        let pieces = |piece: &[u8]| {
            whole.lock().extend_from_slice(piece);
            sound(piece.into());
        };
        match self.ai.speak_in_pieces(&request, pieces).await {
            Ok(answer) => self.budget.spent(tenant, answer.usage.cost_micro_usd),
            Err(error) => {
                warn!(%error, "a line cannot be spoken");
                return false;
            }
        }
        counter!("streams_speech_total", "from" => "provider").increment(1);
        let whole = whole.into_inner();
        self.keep(key, whole.into());
        true
    }

    fn keep(&self, key: String, sound: Arc<[u8]>) {
        let mut kept = self.kept();
        if kept.size + sound.len() > MEMORY {
            *kept = Kept::default();
        }
        kept.size += sound.len();
        kept.lines.insert(key, sound);
    }

    fn kept(&self) -> parking_lot::MutexGuard<'_, Kept> {
        self.kept.lock()
    }
}
