//! Deepgram: `POST /v1/listen` for a whole recording, with the header `Authorization: Token KEY`, as of
//! <https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded>. What listens while a caller speaks is in
//! [`crate::ears`].

use async_trait::async_trait;
use audio::FileKind;
use reqwest::Upgraded;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;

use super::{Client, Got, Measure, or};
use crate::attempt::AttemptError;
use crate::sound;
use crate::wire::Wire;
use crate::{Heard, HeardWord, TranscribeRequest, settings};

/// How its models' names begin. A model that is wished for under another name is another provider's, in whose place it listens.
const FAMILIES: [&str; 3] = ["nova", "enhanced", "base"];

/// Ears of Deepgram, for whole recordings.
pub(crate) struct Ears {
    wire: Wire,
    settings: settings::Deepgram,
}

#[derive(Deserialize)]
struct Listened {
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    transcript: String,
    #[serde(default)]
    words: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    #[serde(default)]
    punctuated_word: Option<String>,
    start: f64,
    end: f64,
}

impl Ears {
    pub(crate) const HEADER: &'static str = "authorization";
    pub(crate) const BEFORE_KEY: &'static str = "Token ";

    pub(crate) fn new(wire: Wire, settings: settings::Deepgram) -> Self {
        Self { wire, settings }
    }
}

#[async_trait]
impl Client for Ears {
    async fn transcribe(&self, request: &TranscribeRequest) -> Result<Got<Heard>, AttemptError> {
        let is_ours = |it: &&str| FAMILIES.iter().any(|family| it.starts_with(family));
        let wished = Some(request.model.as_str()).filter(is_ours);
        let model = or(wished.unwrap_or_default(), &self.settings.model);
        let kind = FileKind::of(&request.audio).map_or("audio/wav", |kind| kind.content_type());
        let mut query = vec![("model", model), ("punctuate", "true")];
        if !request.language.is_empty() {
            query.push(("language", request.language.as_str()));
        }
        let post = self.wire.post(&["v1", "listen"]).query(&query);
        let post = post.header(CONTENT_TYPE, kind).body(request.audio.clone());
        let body = self.wire.send(post).await?;
        let heard: Listened = serde_json::from_slice(&body).map_err(|_| AttemptError::Invalid)?;
        let channel = heard.results.channels.into_iter().next();
        let heard = channel.and_then(|it| it.alternatives.into_iter().next());
        let heard = heard.ok_or(AttemptError::Invalid)?;
        let words = request.words.then_some(heard.words);
        let word = |it: Word| HeardWord {
            text: it.punctuated_word.unwrap_or(it.word),
            from_s: it.start,
            to_s: it.end,
        };
        Ok(Got {
            value: Heard {
                text: heard.transcript.trim().to_owned(),
                words: words.into_iter().flatten().map(word).collect(),
            },
            model: model.to_owned(),
            measure: Measure {
                seconds: sound::seconds(&request.audio),
                ..Measure::default()
            },
        })
    }

    /// Ends of utterances are ours to find: the server is not to look for them. The handshake is a request like any other, whose key no
    /// library writes into a log.
    async fn listen(&self, language: &str) -> Result<Upgraded, AttemptError> {
        let mut query = vec![
            ("model", self.settings.model.as_str()),
            ("encoding", "mulaw"),
            ("sample_rate", "8000"),
            ("channels", "1"),
            ("interim_results", "true"),
            ("punctuate", "true"),
            ("endpointing", "false"),
        ];
        if !language.is_empty() {
            query.push(("language", language));
        }
        self.wire.upgrade(&["v1", "listen"], &query).await
    }
}
