//! Who speaks, by the settings.

use settings::Settings;

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
    let voices = settings.ai.voices().into_iter();
    voices.map(|(provider, _)| provider.as_str()).collect()
}
