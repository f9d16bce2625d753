//! Who transcribes, writes and speaks. What is not set is left to the crate that asks them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::Secret;
use crate::reader::Reader;

/// The AI providers.
#[derive(Debug, Clone, Default)]
pub struct AiSettings {
    /// Chat, transcription and speech, of any server that speaks OpenAI's API.
    pub openai: Option<OpenAiSettings>,
    /// Transcription and speech on this machine. `SPEECH=local`.
    pub local: Option<LocalSpeechSettings>,
    /// Speech.
    pub elevenlabs: Option<VoiceSettings>,
    /// Speech.
    pub murf: Option<VoiceSettings>,
    /// Murf speaks before the others.
    pub prefer_murf: bool,
    /// Whether prompts may be tones where nobody else speaks; `None`: where the emulator is the Twilio. See
    /// [`super::Settings::simulates_speech`].
    pub simulated_speech: Option<bool>,
    /// How long a chat model may take, repeats included.
    pub chat_deadline: Option<Duration>,
    /// How long a transcription may take, repeats included.
    pub transcribe_deadline: Option<Duration>,
    /// How long speech may take, repeats included.
    pub speech_deadline: Option<Duration>,
    /// The most requests to one provider at the same time.
    pub concurrency: Option<usize>,
    /// Prices by the model's name.
    pub prices: BTreeMap<String, ModelPrice>,
}

/// A server that speaks OpenAI's API.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// The key; a server of one's own often takes any.
    pub api_key: Secret,
    /// Where it is, without a slash at its end; `None`: OpenAI's.
    pub base_url: Option<String>,
    /// Which model writes and scores.
    pub chat_model: Option<String>,
    /// Which model hears.
    pub transcribe_model: Option<String>,
    /// Which model speaks.
    pub speech_model: Option<String>,
    /// In which voice.
    pub voice: Option<String>,
}

/// A speech server of one's own on this machine (`scripts/speech.sh`).
#[derive(Debug, Clone)]
pub struct LocalSpeechSettings {
    /// Where it is, without a slash at its end; `None`: where it is by itself.
    pub base_url: Option<String>,
}

/// A provider of voices.
#[derive(Debug, Clone)]
pub struct VoiceSettings {
    /// The key.
    pub api_key: Secret,
    /// Where it is, without a slash at its end; `None`: its own address.
    pub base_url: Option<String>,
    /// The id of the voice when none is wished for.
    pub voice: Option<String>,
}

/// What a model's work costs, in US dollars; what is not given is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelPrice {
    /// Per million tokens of the prompt.
    pub prompt_tokens: Option<f64>,
    /// Per million tokens of the answer.
    pub completion_tokens: Option<f64>,
    /// Per minute of sound that is heard.
    pub minute: Option<f64>,
    /// Per million characters that are spoken.
    pub characters: Option<f64>,
}

impl Reader<'_> {
    pub fn ai(&mut self) -> AiSettings {
        let openai = self.openai();
        let elevenlabs = self.voice("ELEVENLABS", "TRUNKLINE_ELEVENLABS_VOICE");
        let murf = self.voice("MURF", "TRUNKLINE_MURF_VOICE");
        let prefer_murf = self.yes_no("USE_MURFAI_TTS");
        if prefer_murf && murf.is_none() {
            self.fault("MURF_API_KEY", "is missing beside USE_MURFAI_TTS");
        }
        AiSettings {
            openai,
            local: self.local(),
            elevenlabs,
            murf,
            prefer_murf,
            simulated_speech: self.on_off("TRUNKLINE_SIMULATED_SPEECH"),
            chat_deadline: self.seconds("TRUNKLINE_CHAT_DEADLINE_S"),
            transcribe_deadline: self.seconds("TRUNKLINE_TRANSCRIBE_DEADLINE_S"),
            speech_deadline: self.seconds("TRUNKLINE_SPEECH_DEADLINE_S"),
            concurrency: self.number("TRUNKLINE_AI_CONCURRENCY").map(usize::from),
            prices: self.prices(),
        }
    }

    fn openai(&mut self) -> Option<OpenAiSettings> {
        let base_url = self.address("OPENAI_BASE_URL");
        let Some(api_key) = self.get("OPENAI_API_KEY") else {
            if self.get("OPENAI_BASE_URL").is_some() {
                self.fault(
                    "OPENAI_API_KEY",
                    "is missing beside OPENAI_BASE_URL; a server of your own may take any text",
                );
            }
            return None;
        };
        Some(OpenAiSettings {
            api_key: Secret::new(api_key),
            base_url,
            chat_model: self.get("OPENAI_CHAT_MODEL"),
            transcribe_model: self.get("OPENAI_TRANSCRIBE_MODEL"),
            speech_model: self.get("OPENAI_SPEECH_MODEL"),
            voice: self.get("TRUNKLINE_OPENAI_VOICE"),
        })
    }

    fn local(&mut self) -> Option<LocalSpeechSettings> {
        let base_url = self.address("TRUNKLINE_SPEECH_URL");
        match self.get("SPEECH").as_deref() {
            None => None,
            Some("local") => Some(LocalSpeechSettings { base_url }),
            Some(_) => {
                self.fault("SPEECH", "must be local, or unset");
                None
            }
        }
    }

    fn voice(&mut self, provider: &str, voice: &str) -> Option<VoiceSettings> {
        let base_url = self.address(&format!("{provider}_BASE_URL"));
        Some(VoiceSettings {
            api_key: Secret::new(self.get(&format!("{provider}_API_KEY"))?),
            base_url,
            voice: self.get(voice),
        })
    }

    fn seconds(&mut self, name: &str) -> Option<Duration> {
        self.number(name).map(|s| Duration::from_secs(s.into()))
    }

    fn prices(&mut self) -> BTreeMap<String, ModelPrice> {
        let Some(text) = self.get("TRUNKLINE_AI_PRICES") else {
            return BTreeMap::new();
        };
        let read: Option<BTreeMap<String, ModelPrice>> = serde_json::from_str(&text).ok();
        let told = |price: &ModelPrice| {
            [
                price.prompt_tokens,
                price.completion_tokens,
                price.minute,
                price.characters,
            ]
            .into_iter()
            .flatten()
            .all(|dollars| dollars.is_finite() && dollars >= 0.0)
        };
        read.filter(|prices| prices.values().all(told)).unwrap_or_else(|| {
            self.fault(
                "TRUNKLINE_AI_PRICES",
                "must be a JSON object such as {\"gpt-4o-mini\": {\"prompt_tokens\": 0.15, \"completion_tokens\": 0.6}}; \
                 others are minute and characters",
            );
            BTreeMap::new()
        })
    }
}
