//! ElevenLabs: `POST /v1/text-to-speech/{voice_id}`, and `.../stream` for what is played while it comes, with the header `xi-api-key`, as of
//! <https://elevenlabs.io/docs/api-reference/text-to-speech/convert>.
//!
//! `output_format=wav_8000` is asked for and not `ulaw_8000`: bytes without a header cannot be told from an error page. A
//! `language_code` is an error for models that do not know it; those of version 2.5 do.

use async_trait::async_trait;
use reqwest::RequestBuilder;
use serde::Serialize;

use super::{Client, Got, Spoken, or, primary};
use crate::attempt::AttemptError;
use crate::sound::{self, Sounds};
use crate::wire::Wire;
use crate::{Speech, settings};

const HEADER: &str = "xi-api-key";
const FORMAT: &str = "wav_8000";
/// Of what is played while it comes: the telephone's own, known by its type.
const STREAMED: &str = "ulaw_8000";

/// Voices of ElevenLabs.
pub(crate) struct Voices {
    wire: Wire,
    settings: settings::ElevenLabs,
}

#[derive(Serialize)]
struct Request<'a> {
    text: &'a str,
    model_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_code: Option<String>,
}

impl Voices {
    pub(crate) const HEADER: &'static str = HEADER;

    pub(crate) fn new(wire: Wire, settings: settings::ElevenLabs) -> Self {
        Self { wire, settings }
    }
}

impl Voices {
    /// The request, and the model that it names.
    fn request(
        &self,
        spoken: &Spoken<'_>,
        path: &[&str],
        format: &str,
    ) -> (RequestBuilder, String) {
        let model = or(spoken.model, &self.settings.model);
        let voice = or(spoken.voice, &self.settings.voice);
        let knows = model.ends_with("_v2_5") && !spoken.language.is_empty();
        let request = Request {
            text: spoken.text,
            model_id: model,
            language_code: knows.then(|| primary(spoken.language)),
        };
        let place = [&["v1", "text-to-speech", voice][..], path].concat();
        let post = self.wire.post(&place);
        let post = post.query(&[("output_format", format)]).json(&request);
        (post, model.to_owned())
    }
}

#[async_trait]
impl Client for Voices {
    async fn speak(&self, spoken: &Spoken<'_>) -> Result<Got<Speech>, AttemptError> {
        let (request, model) = self.request(spoken, &[], FORMAT);
        let file = self.wire.send(request).await?;
        let value = sound::for_the_telephone(file).await?;
        Ok(spoken.got(value, model))
    }

    async fn speak_in_pieces(
        &self,
        spoken: &Spoken<'_>,
        sounds: Sounds<'_>,
    ) -> Result<Got<()>, AttemptError> {
        let (request, model) = self.request(spoken, &["stream"], STREAMED);
        sound::stream(&self.wire, request, true, sounds).await?;
        Ok(spoken.got((), model))
    }

    async fn warm(&self) {
        self.wire.warm().await;
    }
}
