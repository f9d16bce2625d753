//! An answer that comes while it is written: server-sent events of `/chat/completions`.

use std::time::Duration;

use async_openai::types::chat::{
    ChatCompletionStreamOptions, ChatCompletionTool, ChatCompletionTools,
    CreateChatCompletionRequest, FunctionObject,
};
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use tokio::time::timeout;

use super::tokens::Tokens;
use crate::attempt::{AttemptError, LATE};
use crate::provider::{Call, Conversing, Measure, Pieces};
use crate::task::ToolOffer;
use crate::wire::{self, Wire};

/// The longest line of an answer, and the longest answer, in bytes: nobody says more in a turn.
const LINE: usize = 256 * 1024;
const ANSWER: usize = 64 * 1024;

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Tokens>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    /// Of servers that do not stream, `message` has the same fields.
    #[serde(default, alias = "message")]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
struct ToolCall {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

/// The same request, streamed and with tools.
pub(super) fn streamed(
    request: CreateChatCompletionRequest,
    tools: &[ToolOffer],
) -> CreateChatCompletionRequest {
    let tools: Vec<_> = tools.iter().map(tool).collect();
    CreateChatCompletionRequest {
        stream: Some(true),
        stream_options: Some(ChatCompletionStreamOptions {
            include_usage: Some(true),
            include_obfuscation: None,
        }),
        // An empty list is refused.
        tools: (!tools.is_empty()).then_some(tools),
        ..request
    }
}

fn tool(offer: &ToolOffer) -> ChatCompletionTools {
    let parameters = Some(offer.parameters.clone()).filter(|schema| !schema.is_null());
    ChatCompletionTools::Function(ChatCompletionTool {
        function: FunctionObject {
            name: offer.name.clone(),
            description: Some(offer.description.clone()).filter(|text| !text.is_empty()),
            parameters,
            strict: None,
        },
    })
}

/// Reads an answer to its end.
pub(super) async fn read(
    wire: &Wire,
    request: RequestBuilder,
    asked: &Conversing<'_>,
    pieces: Pieces<'_>,
) -> Result<(Call, Measure), AttemptError> {
    let mut response = within(asked.patience.first, wire.open(request)).await??;
    let mut reading = Reading::default();
    if !is_stream(&response) {
        let body = within(asked.patience.first, wire::body(response)).await??;
        reading.event(&body, pieces)?;
        return Ok((reading.call, reading.measure));
    }
    let mut buffer = Vec::new();
    while !reading.is_over {
        let chunk = within(reading.patience(asked), response.chunk()).await?;
        let Some(chunk) = chunk.map_err(|error| AttemptError::of_transport(&error))? else {
            // Some servers say so only in the last event.
            return match reading.is_finished {
                true => Ok((reading.call, reading.measure)),
                false => Err(AttemptError::failed("the connection broke off")),
            };
        };
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            reading.line(&line, pieces)?;
        }
        if buffer.len() > LINE {
            return Err(AttemptError::Invalid);
        }
    }
    Ok((reading.call, reading.measure))
}

async fn within<F: Future>(pause: Duration, future: F) -> Result<F::Output, AttemptError> {
    let done = timeout(pause, future).await;
    done.map_err(|_| AttemptError::failed(LATE))
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|it| it.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/event-stream")
}

#[derive(Default)]
struct Reading {
    call: Call,
    measure: Measure,
    said: usize,
    is_finished: bool,
    is_over: bool,
}

impl Reading {
    /// For the next piece.
    fn patience(&self, asked: &Conversing<'_>) -> Duration {
        match self.said == 0 && self.call.tool.is_empty() {
            true => asked.patience.first,
            false => asked.patience.next,
        }
    }

    fn line(&mut self, line: &[u8], pieces: Pieces<'_>) -> Result<(), AttemptError> {
        match line.trim_ascii().strip_prefix(b"data:") {
            Some(data) => self.event(data.trim_ascii(), pieces),
            // Comments, names of events, empty lines.
            None => Ok(()),
        }
    }

    fn event(&mut self, data: &[u8], pieces: Pieces<'_>) -> Result<(), AttemptError> {
        if data == b"[DONE]" {
            self.is_over = true;
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_slice(data).map_err(|_| AttemptError::Invalid)?;
        if chunk.error.is_some() {
            return Err(AttemptError::failed("an error of the server"));
        }
        if let Some(usage) = chunk.usage {
            self.measure.prompt_tokens = usage.prompt_tokens;
            self.measure.completion_tokens = usage.completion_tokens;
        }
        let Some(choice) = chunk.choices.into_iter().next() else {
            return Ok(());
        };
        self.is_finished |= choice.finish_reason.is_some();
        // One tool for a turn: the first.
        let calls = choice.delta.tool_calls.unwrap_or_default();
        for function in calls.into_iter().filter(|it| it.index == 0) {
            let Some(function) = function.function else {
                continue;
            };
            self.call.tool.push_str(&function.name.unwrap_or_default());
            let arguments = function.arguments.unwrap_or_default();
            self.call.arguments.push_str(&arguments);
        }
        let content = choice.delta.content.unwrap_or_default();
        self.said += content.len();
        if self.said + self.call.tool.len() + self.call.arguments.len() > ANSWER {
            return Err(AttemptError::Invalid);
        }
        if !content.is_empty() {
            pieces(&content);
        }
        Ok(())
    }
}
