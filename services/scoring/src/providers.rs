//! Who speaks, by the settings.

use ai::Provider;
pub(crate) use role::providers::ai;
use settings::{AiSettings, Settings};

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
        local,
        elevenlabs,
        murf,
        ..
    } = &settings.ai;
    [
        (openai.is_some(), Provider::OpenAi),
        (local.is_some(), Provider::Local),
        (elevenlabs.is_some(), Provider::ElevenLabs),
        (murf.is_some(), Provider::Murf),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, provider)| provider.as_str())
    .collect()
}
