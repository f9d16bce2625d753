//! Voice and ears of this machine for the people on the emulator's phones, where `SPEECH=local` gives the platform the same.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::ai::{Ai, SpeakRequest, TranscribeRequest};
use audio::{Encoding, Sound};
use clock::Clock;
use emulator::Ears;
use serde_json::{Value, json};
use settings::Settings;

use crate::Failure;

/// The model may be asked by others as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// What speaks and hears in place of tones.
#[derive(Clone)]
pub struct Voices(Ai);

impl Voices {
    /// Those of the settings; none where tones are spoken.
    pub fn of(settings: &Settings) -> Result<Option<Self>, Failure> {
        if settings.ai.local.is_none() {
            return Ok(None);
        }
        let ai = Ai::new(settings.providers(), Clock::system());
        Ok(Some(Self(ai.map_err(Failure::failed)?)))
    }

    /// Ears for the emulator.
    pub fn ears(&self) -> Ears {
        let ai = self.0.clone();
        Arc::new(move |samples| {
            let ai = ai.clone();
            Box::pin(async move {
                let file = Sound::mono(samples).to_wav(Encoding::Pcm16).ok()?;
                let request = TranscribeRequest {
                    language: "en-US".to_owned(),
                    within: Some(PATIENCE),
                    ..TranscribeRequest::new(file, "heard.wav")
                };
                Some(ai.transcribe(&request).await.ok()?.value)
            })
        })
    }

    /// The script with its words spoken: each text gets the sound of a file in the folder.
    pub async fn speak(&self, script: &mut Value, folder: &Path) -> Result<(), Failure> {
        let steps = script["steps"].as_array_mut().into_iter().flatten();
        for (n, step) in steps.enumerate() {
            // A small recognizer mistakes one word or another, and writes numbers as it likes: the longest word is enough.
            let wanted = step["wait_for"].as_str().unwrap_or_default();
            if let Some(word) = wanted
                .split(' ')
                .max_by_key(|word| word.len())
                .filter(|word| !word.is_empty())
            {
                step["wait_for"] = json!(word);
            }
            for kind in ["speak", "interrupt"] {
                let Some(said) = step.get_mut(kind) else {
                    continue;
                };
                let text = said["text"].as_str().unwrap_or_default();
                let request = SpeakRequest {
                    within: Some(PATIENCE),
                    ..SpeakRequest::new(text)
                };
                let speech = self.0.speak(&request).await.map_err(Failure::failed)?.value;
                let file = folder.join(format!("said-{n}.wav"));
                std::fs::write(&file, &speech.bytes).map_err(Failure::failed)?;
                said["wav"] = json!(file);
                if let Some(said) = said.as_object_mut() {
                    said.remove("seconds");
                }
            }
        }
        Ok(())
    }
}
