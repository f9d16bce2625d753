//! Ourselves in place of a provider: deterministic, without any intelligence, and always marked as simulated. It rests on what it
//! is given and makes nothing up: a transcription holds words that were in the sound, a score says that it counts words.

mod conversation;
mod language;
mod questions;
mod reply;
mod score;
mod summary;

use async_trait::async_trait;
use audio::Sound;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use self::language::Language;
use crate::attempt::AttemptError;
use crate::provider::{Call, Chat, Client, Conversing, Got, Measure, Pieces, Spoken};
use crate::task::AboutConversation;
use crate::{ChatRequest, Heard, HeardWord, Speech, Task, TranscribeRequest, sound};

/// What its answers name as their model.
const MODEL: &str = "simulated";
/// The status of a request whose data have not the shape of its task: as a server would say it.
const UNPROCESSABLE: u16 = 422;

/// The provider that needs none.
pub(crate) struct Simulator;

#[async_trait]
impl Client for Simulator {
    async fn chat(&self, chat: &Chat<'_>) -> Result<Got<Value>, AttemptError> {
        let request = chat.request;
        let language = Language::of(&request.language);
        Ok(got(match request.task {
            Task::Question => json(&questions::write(&data(request)?, language)),
            Task::Score => json(&score::score(&data(request)?, language)),
            Task::Converse => json(&conversation::reply(&data(request)?, language)),
            Task::CallSummary => json(&conversation::sum_up(&data(request)?, language)),
            Task::Summary => json(&summary::sum_up(&data(request)?, language)),
            Task::Reply => json(&reply::write(&data(request)?, language)),
        }?))
    }

    /// Word by word, as a model writes.
    async fn converse(
        &self,
        asked: &Conversing<'_>,
        pieces: Pieces<'_>,
    ) -> Result<Got<Call>, AttemptError> {
        let mut about: AboutConversation = data(asked.request)?;
        about.tools = asked.tools.to_vec();
        let reply = conversation::reply(&about, Language::of(&asked.request.language));
        for word in reply.say.split_inclusive(' ') {
            pieces(word);
        }
        Ok(got(Call {
            tool: reply.tool,
            arguments: reply.arguments,
        }))
    }

    /// Only the words that [`audio::speech`] put into the sound.
    async fn transcribe(&self, request: &TranscribeRequest) -> Result<Got<Heard>, AttemptError> {
        let file = request.audio.clone();
        let heard = tokio::task::spawn_blocking(move || {
            let sound = Sound::read(&file).ok();
            sound.map_or_else(Vec::new, |sound| sound.heard_words())
        });
        let words = heard.await.map_err(|_| AttemptError::Invalid)?;
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let text = texts.join(" ");
        let word = |it: audio::HeardWord| HeardWord {
            text: it.text,
            from_s: it.from_s,
            to_s: it.to_s,
        };
        let words = words.into_iter().filter(|_| request.words).map(word);
        Ok(got(Heard {
            text,
            words: words.collect(),
        }))
    }

    async fn speak(&self, spoken: &Spoken<'_>) -> Result<Got<Speech>, AttemptError> {
        let text = spoken.text.to_owned();
        let speech =
            tokio::task::spawn_blocking(move || sound::telephone(audio::speech(&text, None)));
        Ok(got(speech.await.map_err(|_| AttemptError::Invalid)??))
    }
}

fn got<R>(value: R) -> Got<R> {
    Got {
        value,
        model: MODEL.to_owned(),
        measure: Measure::default(),
    }
}

/// The first block that has the shape.
fn data<D: DeserializeOwned>(request: &ChatRequest) -> Result<D, AttemptError> {
    request
        .data
        .iter()
        .find_map(|block| serde_json::from_str(&block.content).ok())
        .ok_or(AttemptError::Refused(UNPROCESSABLE))
}

fn json(answer: &impl Serialize) -> Result<Value, AttemptError> {
    serde_json::to_value(answer).map_err(|_| AttemptError::Invalid)
}
