//! Murf: `POST /v1/speech/generate` with the header `api-key`, as of
//! <https://murf.ai/api/docs/capabilities/text-to-speech> and its official SDK.
//!
//! The sound is asked for in the answer (`encodeAsBase64`), so that nothing has to be fetched from an address that the answer
//! names. A voice speaks its own language unless `multiNativeLocale` names another one.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Client, Got, Measure, Spoken, or};
use crate::attempt::AttemptError;
use crate::sound;
use crate::wire::Wire;
use crate::{Speech, settings};

/// Voices of Murf.
pub(crate) struct Voices {
    wire: Wire,
    settings: settings::Murf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    text: &'a str,
    voice_id: &'a str,
    format: &'static str,
    sample_rate: u32,
    channel_type: &'static str,
    encode_as_base64: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_native_locale: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    encoded_audio: String,
}

impl Voices {
    pub(crate) const HEADER: &'static str = "api-key";

    pub(crate) fn new(wire: Wire, settings: settings::Murf) -> Self {
        Self { wire, settings }
    }
}

/// A locale as Murf writes it, where the voice's own is another one. A language without a region is none.
fn locale(language: &str, voice: &str) -> Option<String> {
    let (language, region) = language.split_once('-')?;
    let region = match region {
        "GB" => "UK",
        region => region,
    };
    let locale = format!("{language}-{region}");
    (!voice.starts_with(&locale)).then_some(locale)
}

#[async_trait]
impl Client for Voices {
    async fn speak(&self, spoken: &Spoken<'_>) -> Result<Got<Speech>, AttemptError> {
        let voice = or(spoken.voice, &self.settings.voice);
        let request = Request {
            text: spoken.text,
            voice_id: voice,
            format: "WAV",
            sample_rate: audio::RATE,
            channel_type: "MONO",
            encode_as_base64: true,
            model_version: spoken.model,
            multi_native_locale: locale(spoken.language, voice),
        };
        let request = self.wire.post(&["v1", "speech", "generate"]).json(&request);
        let body = self.wire.send(request).await?;
        let response: Response =
            serde_json::from_slice(&body).map_err(|_| AttemptError::Invalid)?;
        let file = STANDARD
            .decode(response.encoded_audio)
            .map_err(|_| AttemptError::Invalid)?;
        Ok(Got {
            value: sound::for_the_telephone(file.into()).await?,
            model: or(spoken.model, voice).to_owned(),
            measure: Measure {
                characters: Some(spoken.text.chars().count() as u64),
                ..Measure::default()
            },
        })
    }

    async fn warm(&self) {
        self.wire.warm().await;
    }
}

#[cfg(test)]
mod tests {
    use super::locale;

    #[test]
    fn voice_is_told_only_a_language_that_is_not_its_own() {
        assert_eq!(locale("en-US", "en-US-natalie"), None);
        assert_eq!(locale("en-GB", "en-US-natalie").as_deref(), Some("en-UK"));
        assert_eq!(locale("de-DE", "en-US-natalie").as_deref(), Some("de-DE"));
        assert_eq!(locale("de", "en-US-natalie"), None);
        assert_eq!(locale("", "en-US-natalie"), None);
    }
}
