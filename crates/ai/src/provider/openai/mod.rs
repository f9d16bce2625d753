//! OpenAI and servers that speak its API: `/chat/completions`, `/audio/transcriptions`, `/audio/speech`, as of
//! <https://platform.openai.com/docs/api-reference>.
//!
//! Requests are those of `async-openai`. Its client is not used: it drops `Retry-After`, writes answers that it cannot read into
//! the log, repeats on its own, and its types for answers want fields that other servers leave out. Answers are read here, and
//! only what is needed of them.

mod stream;
mod tokens;

use async_openai::types::audio::{CreateSpeechRequest, SpeechModel, SpeechResponseFormat, Voice};
use async_openai::types::chat::{
    ChatCompletionRequestMessageContentPartImage, ChatCompletionRequestMessageContentPartText,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    ChatCompletionRequestUserMessageContent, ChatCompletionRequestUserMessageContentPart,
    CreateChatCompletionRequest, ImageUrl, ResponseFormat, ResponseFormatJsonSchema,
};
use async_trait::async_trait;
use audio::FileKind;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::Value;

use super::{Call, Chat, Client, Conversing, Got, Measure, Pieces, Spoken, or, primary};
use crate::attempt::AttemptError;
use crate::fence::Messages;
use crate::sound::{self, Sounds};
use crate::wire::Wire;
use crate::{ChatRequest, Heard, HeardWord, Picture, Speech, TranscribeRequest, settings};
use tokens::Tokens;

/// A server.
pub(crate) struct Server {
    wire: Wire,
    settings: settings::OpenAi,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    /// Absent when the model refuses: the reason stands in a field of its own, and is content.
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct Transcription {
    text: String,
    #[serde(default)]
    usage: Option<Listened>,
    #[serde(default)]
    words: Option<Vec<Word>>,
}

/// A word with its place in seconds.
#[derive(Deserialize)]
struct Word {
    word: String,
    start: f64,
    end: f64,
}

/// Tokens or a length, by the model.
#[derive(Deserialize)]
struct Listened {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    seconds: Option<f64>,
}

impl Server {
    pub(crate) const HEADER: &'static str = "authorization";
    pub(crate) const BEFORE_KEY: &'static str = "Bearer ";

    pub(crate) fn new(wire: Wire, settings: settings::OpenAi) -> Self {
        Self { wire, settings }
    }

    /// The request for a voice, and the model that it names.
    fn speech(&self, spoken: &Spoken<'_>) -> (RequestBuilder, String) {
        let model = or(spoken.model, &self.settings.speech_model);
        let request = CreateSpeechRequest {
            input: spoken.text.to_owned(),
            model: SpeechModel::Other(model.to_owned()),
            voice: Voice::Other(or(spoken.voice, &self.settings.voice).to_owned()),
            response_format: Some(SpeechResponseFormat::Wav),
            ..CreateSpeechRequest::default()
        };
        let post = self.wire.post(&["audio", "speech"]).json(&request);
        (post, model.to_owned())
    }
}

#[async_trait]
impl Client for Server {
    async fn chat(&self, chat: &Chat<'_>) -> Result<Got<Value>, AttemptError> {
        let model = or(&chat.request.model, &self.settings.chat_model);
        let request = CreateChatCompletionRequest {
            response_format: Some(ResponseFormat::JsonSchema {
                json_schema: ResponseFormatJsonSchema {
                    description: None,
                    name: chat.name.clone(),
                    schema: chat.schema.clone(),
                    strict: Some(true),
                },
            }),
            ..messages(chat.request, model)
        };
        let request = self.wire.post(&["chat", "completions"]).json(&request);
        let body = self.wire.send(request).await?;
        let completion: Completion =
            serde_json::from_slice(&body).map_err(|_| AttemptError::Invalid)?;
        let content = completion.choices.into_iter().next();
        let content = content.and_then(|choice| choice.message.content);
        let content = content.ok_or(AttemptError::Invalid)?;
        let usage = completion.usage;
        Ok(Got {
            value: serde_json::from_str(bare(&content)).map_err(|_| AttemptError::Invalid)?,
            model: model.to_owned(),
            measure: Measure {
                prompt_tokens: usage.as_ref().and_then(|usage| usage.prompt_tokens),
                completion_tokens: usage.as_ref().and_then(|usage| usage.completion_tokens),
                ..Measure::default()
            },
        })
    }

    async fn converse(
        &self,
        asked: &Conversing<'_>,
        pieces: Pieces<'_>,
    ) -> Result<Got<Call>, AttemptError> {
        let model = or(&asked.request.model, &self.settings.chat_model);
        let request = stream::streamed(messages(asked.request, model), asked.tools);
        let request = self.wire.post(&["chat", "completions"]).json(&request);
        let (value, measure) = stream::read(&self.wire, request, asked, pieces).await?;
        Ok(Got {
            value,
            model: model.to_owned(),
            measure,
        })
    }

    async fn transcribe(&self, request: &TranscribeRequest) -> Result<Got<Heard>, AttemptError> {
        let model = or(&request.model, &self.settings.transcribe_model);
        if request.words && gives_words(model) {
            match self.listen(request, model, true).await {
                // A server of this protocol that knows no places of words says so: its words are wanted all the same.
                Err(AttemptError::Refused(400 | 422 | 501)) => {}
                heard => return heard,
            }
        }
        self.listen(request, model, false).await
    }

    async fn speak(&self, spoken: &Spoken<'_>) -> Result<Got<Speech>, AttemptError> {
        let (request, model) = self.speech(spoken);
        let file = self.wire.send(request).await?;
        let value = sound::for_the_telephone(file).await?;
        Ok(spoken.got(value, model))
    }

    async fn speak_in_pieces(
        &self,
        spoken: &Spoken<'_>,
        sounds: Sounds<'_>,
    ) -> Result<Got<()>, AttemptError> {
        let (request, model) = self.speech(spoken);
        sound::stream(&self.wire, request, false, sounds).await?;
        Ok(spoken.got((), model))
    }

    async fn warm(&self) {
        self.wire.warm().await;
    }
}

/// Whether a model tells where each word is: OpenAI's newer ones refuse to be asked.
fn gives_words(model: &str) -> bool {
    model.contains("whisper")
}

impl Server {
    async fn listen(
        &self,
        request: &TranscribeRequest,
        model: &str,
        words: bool,
    ) -> Result<Got<Heard>, AttemptError> {
        let ending = match FileKind::of(&request.audio) {
            Some(kind) => kind.extension(),
            None => request.file_name.rsplit('.').next().unwrap_or_default(),
        };
        // The name itself may say whose recording it is.
        let file = Part::stream(request.audio.clone()).file_name(format!("audio.{ending}"));
        let mut form = Form::new()
            .part("file", file)
            .text("model", model.to_owned());
        form = match words {
            true => form
                .text("response_format", "verbose_json")
                .text("timestamp_granularities[]", "word"),
            false => form.text("response_format", "json"),
        };
        if !request.language.is_empty() {
            form = form.text("language", primary(&request.language));
        }
        let sent = self.wire.post(&["audio", "transcriptions"]).multipart(form);
        let body = self.wire.send(sent).await?;
        let heard: Transcription =
            serde_json::from_slice(&body).map_err(|_| AttemptError::Invalid)?;
        let usage = heard.usage.as_ref();
        let seconds = usage.and_then(|usage| usage.seconds);
        let word = |it: Word| HeardWord {
            text: it.word.trim().to_owned(),
            from_s: it.start,
            to_s: it.end,
        };
        Ok(Got {
            value: Heard {
                text: heard.text.trim().to_owned(),
                words: heard.words.into_iter().flatten().map(word).collect(),
            },
            model: model.to_owned(),
            measure: Measure {
                prompt_tokens: usage.and_then(|usage| usage.input_tokens),
                completion_tokens: usage.and_then(|usage| usage.output_tokens),
                seconds: seconds.or_else(|| sound::seconds(&request.audio)),
                characters: None,
            },
        })
    }
}

/// The data, and the pictures behind them as they are.
fn with_pictures(user: String, pictures: &[Picture]) -> ChatCompletionRequestUserMessage {
    if pictures.is_empty() {
        return user.into();
    }
    let text = ChatCompletionRequestMessageContentPartText {
        text: user,
        prompt_cache_breakpoint: None,
    };
    let shown = pictures.iter().map(|picture| {
        let (kind, data) = (&picture.content_type, STANDARD.encode(&picture.bytes));
        let image_url = ImageUrl {
            url: format!("data:{kind};base64,{data}"),
            detail: None,
        };
        ChatCompletionRequestMessageContentPartImage {
            image_url,
            prompt_cache_breakpoint: None,
        }
        .into()
    });
    let parts: Vec<ChatCompletionRequestUserMessageContentPart> =
        std::iter::once(text.into()).chain(shown).collect();
    ChatCompletionRequestUserMessage {
        content: ChatCompletionRequestUserMessageContent::Array(parts),
        name: None,
    }
}

/// A request with nothing but what is to be done, and what with.
fn messages(request: &ChatRequest, model: &str) -> CreateChatCompletionRequest {
    let Messages { system, user } = Messages::of(request);
    CreateChatCompletionRequest {
        model: model.to_owned(),
        messages: vec![
            ChatCompletionRequestSystemMessage::from(system).into(),
            with_pictures(user, &request.pictures).into(),
        ],
        ..CreateChatCompletionRequest::default()
    }
}

/// JSON without the code fence that models of other servers like to put around it.
fn bare(content: &str) -> &str {
    let content = content.trim();
    let Some(inner) = content
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
    else {
        return content;
    };
    inner.strip_prefix("json").unwrap_or(inner).trim()
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn code_fence_is_taken_off() {
        for content in [
            "{\"a\":1}",
            " ```json\n{\"a\":1}\n``` ",
            "```\n{\"a\":1}```",
        ] {
            assert_eq!(bare(content), "{\"a\":1}");
        }
        assert_eq!(bare("```"), "```");
    }
}
