//! The settings, as the crate that asks providers wants them.

use ai::{ElevenLabs, Limits, Murf, OpenAi, Price, Prices, Provider, Simulated};
use role::settings::{AiSettings, ModelPrice, OpenAiSettings, Settings, VoiceSettings};

/// As many as there may be interviews: a provider that wants fewer says 429, and waits would be silence on the line.
const CONCURRENCY: usize = 200;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// A provider that people understand.
    Real,
    /// Tones, for the emulator.
    Simulated,
    /// Nobody: `<Say>` does.
    Nobody,
}

impl Speaker {
    pub(crate) fn of(settings: &Settings) -> Self {
        if !voices(settings).is_empty() {
            Self::Real
        } else if settings.simulates_speech() {
            Self::Simulated
        } else {
            Self::Nobody
        }
    }
}

/// Who is configured to speak, by name.
pub(crate) fn voices(settings: &Settings) -> Vec<&'static str> {
    let AiSettings {
        openai,
        elevenlabs,
        murf,
        ..
    } = &settings.ai;
    [
        (openai.is_some(), Provider::OpenAi),
        (elevenlabs.is_some(), Provider::ElevenLabs),
        (murf.is_some(), Provider::Murf),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, provider)| provider.as_str())
    .collect()
}

/// Who is asked. Words are simulated where nobody is configured, and say so; speech only where no person listens.
pub(crate) fn ai(settings: &Settings) -> ai::Settings {
    let wanted = &settings.ai;
    let usual = Limits::default();
    ai::Settings {
        openai: wanted.openai.as_ref().map(openai),
        elevenlabs: wanted.elevenlabs.as_ref().map(elevenlabs),
        murf: wanted.murf.as_ref().map(murf),
        prefer_murf: wanted.prefer_murf,
        simulated: if settings.simulates_speech() {
            Simulated::WordsAndSpeech
        } else {
            Simulated::Words
        },
        limits: Limits {
            chat: wanted.chat_deadline.unwrap_or(usual.chat),
            transcribe: wanted.transcribe_deadline.unwrap_or(usual.transcribe),
            speak: wanted.speech_deadline.unwrap_or(usual.speak),
            ..usual
        },
        concurrency: wanted.concurrency.unwrap_or(CONCURRENCY),
        prices: Prices(
            wanted
                .prices
                .iter()
                .map(|(model, price)| (model.clone(), self::price(price)))
                .collect(),
        ),
        ..ai::Settings::default()
    }
}

fn put<T: Clone>(place: &mut T, wanted: &Option<T>) {
    if let Some(wanted) = wanted {
        *place = wanted.clone();
    }
}

fn openai(wanted: &OpenAiSettings) -> OpenAi {
    let mut openai = OpenAi::new(wanted.api_key.reveal());
    put(&mut openai.base_url, &wanted.base_url);
    put(&mut openai.chat_model, &wanted.chat_model);
    put(&mut openai.transcribe_model, &wanted.transcribe_model);
    put(&mut openai.speech_model, &wanted.speech_model);
    put(&mut openai.voice, &wanted.voice);
    openai
}

fn elevenlabs(wanted: &VoiceSettings) -> ElevenLabs {
    let mut voices = ElevenLabs::new(wanted.api_key.reveal());
    put(&mut voices.base_url, &wanted.base_url);
    put(&mut voices.voice, &wanted.voice);
    voices
}

fn murf(wanted: &VoiceSettings) -> Murf {
    let mut voices = Murf::new(wanted.api_key.reveal());
    put(&mut voices.base_url, &wanted.base_url);
    put(&mut voices.voice, &wanted.voice);
    voices
}

fn price(price: &ModelPrice) -> Price {
    Price {
        prompt_tokens: price.prompt_tokens,
        completion_tokens: price.completion_tokens,
        minute: price.minute,
        characters: price.characters,
    }
}
