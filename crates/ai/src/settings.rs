use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::answer::Provider;

/// Who may be asked, and how patiently. The default is nobody.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Chat, transcription and speech.
    pub openai: Option<OpenAi>,
    /// Transcription and speech on this machine.
    pub local: Option<Local>,
    /// Transcription, also while a caller speaks.
    pub deepgram: Option<Deepgram>,
    /// Speech.
    pub elevenlabs: Option<ElevenLabs>,
    /// Speech.
    pub murf: Option<Murf>,
    /// Murf speaks before ElevenLabs. `USE_MURFAI_TTS`.
    pub prefer_murf: bool,
    /// What the simulated provider does where nobody else is configured. It never stands in for a provider that failed.
    pub simulated: Simulated,
    /// How long an answer may take.
    pub limits: Limits,
    /// How failed attempts are repeated.
    pub retry: Retry,
    /// When a provider that keeps failing is left alone.
    pub breaker: Breaker,
    /// How many requests one provider gets at once; the others wait, within their time. 0: 16.
    pub concurrency: usize,
    /// What answers cost.
    pub prices: Prices,
}

impl Settings {
    /// Who is configured to speak, each with words that change when its voice does.
    pub fn voices(&self) -> Vec<(Provider, String)> {
        let openai = self.openai.as_ref().map(|it| {
            let words = format!("openai:{}:{}", it.speech_model, it.voice);
            (Provider::OpenAi, words)
        });
        let local = self.local.as_ref();
        let local = local.map(|_| (Provider::Local, "local".to_owned()));
        let elevenlabs = self.elevenlabs.as_ref();
        let elevenlabs =
            elevenlabs.map(|it| (Provider::ElevenLabs, format!("elevenlabs:{}", it.voice)));
        let murf = self.murf.as_ref();
        let murf = murf.map(|it| (Provider::Murf, format!("murf:{}", it.voice)));
        [openai, local, elevenlabs, murf]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// How much is simulated where no provider is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Simulated {
    /// Nothing: [`crate::Error::NoProvider`].
    #[default]
    Never,
    /// Chat and transcription. Speech has no provider, so Twilio's `<Say>` speaks: for calls with people.
    Words,
    /// Speech as well, which nobody but our own simulated transcription understands: for the emulator.
    WordsAndSpeech,
}

/// A key: never shown, not even in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key, for whoever sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// OpenAI, or a server that speaks its API: vLLM, whisper.cpp, LocalAI and others.
#[derive(Debug, Clone)]
pub struct OpenAi {
    /// `OPENAI_API_KEY`. Servers of one's own often take any.
    pub api_key: Secret,
    /// `OPENAI_BASE_URL`, with its `/v1`.
    pub base_url: String,
    /// `OPENAI_CHAT_MODEL`.
    pub chat_model: String,
    /// `OPENAI_TRANSCRIBE_MODEL`.
    pub transcribe_model: String,
    /// `OPENAI_SPEECH_MODEL`.
    pub speech_model: String,
    /// The voice when none is wished for.
    pub voice: String,
}

impl OpenAi {
    /// OpenAI's own address, and models that are cheap and fast.
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: Secret::new(api_key),
            base_url: "https://api.openai.com/v1".into(),
            chat_model: "gpt-4o-mini".into(),
            transcribe_model: "gpt-4o-mini-transcribe".into(),
            speech_model: "gpt-4o-mini-tts".into(),
            voice: "alloy".into(),
        }
    }
}

/// A speech server on this machine, which speaks the audio part of OpenAI's API. `SPEECH=local`.
#[derive(Debug, Clone)]
pub struct Local {
    /// `TRUNKLINE_SPEECH_URL`, with its `/v1`.
    pub base_url: String,
}

impl Default for Local {
    /// Where `deploy/speech/server.py` listens by itself.
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:8090/v1".into(),
        }
    }
}

impl Local {
    /// The same, as the client of OpenAI's API wants it: no key, and models by the names that the answers are to show.
    pub(crate) fn as_openai(&self) -> OpenAi {
        OpenAi {
            api_key: Secret::new(""),
            base_url: self.base_url.clone(),
            chat_model: String::new(),
            transcribe_model: "whisper-tiny.en".into(),
            speech_model: "piper".into(),
            voice: "joe".into(),
        }
    }
}

/// Ears of Deepgram, or of a server that speaks its API: they listen while a caller speaks.
#[derive(Debug, Clone)]
pub struct Deepgram {
    /// `DEEPGRAM_API_KEY`. Servers of one's own often take any.
    pub api_key: Secret,
    /// `DEEPGRAM_BASE_URL`, with or without `/v1`; sockets are opened on the same host.
    pub base_url: String,
    /// `DEEPGRAM_MODEL`.
    pub model: String,
}

impl Deepgram {
    /// Its own address, and its model for telephone calls of many languages.
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: Secret::new(api_key),
            base_url: "https://api.deepgram.com".into(),
            model: "nova-3".into(),
        }
    }
}

/// Voices of ElevenLabs.
#[derive(Debug, Clone)]
pub struct ElevenLabs {
    /// `ELEVENLABS_API_KEY`.
    pub api_key: Secret,
    /// `ELEVENLABS_BASE_URL`, with or without `/v1`.
    pub base_url: String,
    /// The model when none is wished for.
    pub model: String,
    /// The id of the voice when none is wished for.
    pub voice: String,
}

impl ElevenLabs {
    /// Its own address, its fast model of many languages, and a voice that every account has.
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: Secret::new(api_key),
            base_url: "https://api.elevenlabs.io".into(),
            model: "eleven_flash_v2_5".into(),
            voice: "JBFqnCBsd6RMkjVDRZzb".into(),
        }
    }
}

/// Voices of Murf.
#[derive(Debug, Clone)]
pub struct Murf {
    /// `MURF_API_KEY`.
    pub api_key: Secret,
    /// `MURF_BASE_URL`, with or without `/v1`.
    pub base_url: String,
    /// The id of the voice when none is wished for.
    pub voice: String,
}

impl Murf {
    /// Its own address and a voice of its documentation's examples.
    pub fn new(api_key: impl Into<String>) -> Self {
        Self {
            api_key: Secret::new(api_key),
            base_url: "https://api.murf.ai".into(),
            voice: "en-US-natalie".into(),
        }
    }
}

/// How long an answer may take, over all attempts and providers, when the request does not say.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For [`crate::Ai::chat`].
    pub chat: Duration,
    /// For [`crate::Ai::transcribe`].
    pub transcribe: Duration,
    /// For [`crate::Ai::speak`].
    pub speak: Duration,
    /// For one attempt, however much time is left.
    pub attempt: Duration,
    /// For the connection, TLS included.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            chat: Duration::from_secs(30),
            transcribe: Duration::from_secs(60),
            speak: Duration::from_secs(20),
            attempt: Duration::from_secs(20),
            connect: Duration::from_secs(3),
        }
    }
}

/// How failed attempts are repeated, as long as the time allows.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How often one provider is asked for one answer, at least once.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles with each one. A random part of up to a half is taken off.
    pub first: Duration,
    /// The longest wait of our own choice. A provider that asks for a longer one is not asked again.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            first: Duration::from_millis(250),
            longest: Duration::from_secs(5),
        }
    }
}

/// When a provider that keeps failing is left alone.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    /// After so many failed attempts in a row nobody is let through.
    pub failures: u32,
    /// After so long one request may try; its success lets all through again.
    pub pause: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 5,
            // Shorter than scoring's patience: an outage of a moment costs nobody a transcript.
            pause: Duration::from_secs(4),
        }
    }
}

/// What a model's answers cost, in US dollars. Prices change and differ by contract; those not given are not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Price {
    /// Per million tokens of the prompt.
    pub prompt_tokens: Option<f64>,
    /// Per million tokens of the answer.
    pub completion_tokens: Option<f64>,
    /// Per minute of audio, heard.
    pub minute: Option<f64>,
    /// Per million characters, spoken.
    pub characters: Option<f64>,
}

/// Prices by the model's name, as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Prices(pub BTreeMap<String, Price>);
