//! An answer that is spoken while it is written: its sentences are given out one by one, each once, whoever writes them.

use futures::future::BoxFuture;
use parking_lot::Mutex;

use crate::ask::{Job, ProviderSlot};
use crate::attempt::AttemptError;
use crate::plain;
use crate::provider::{Call, Conversing, Got, Work};
use crate::sentences::Sentences;
use crate::task::{Spoken, ToolOffer};
use crate::{Block, ChatRequest, Patience};

/// What whoever takes over is told of what was spoken already.
const GO_ON: &str = "A part of your answer has been spoken: the block `spoken_already`. Go on behind it, and repeat nothing of it.";
const SPOKEN: &str = "spoken_already";

/// One answer; `sentence` gets it piece by piece.
pub(crate) struct Answering<'a, F> {
    pub request: &'a ChatRequest,
    pub tools: &'a [ToolOffer],
    pub patience: Patience,
    pub sentence: F,
    /// What was given out.
    given: Mutex<Vec<String>>,
}

impl<'a, F: Fn(String) + Send + Sync> Answering<'a, F> {
    pub(crate) fn new(
        request: &'a ChatRequest,
        tools: &'a [ToolOffer],
        patience: Patience,
        sentence: F,
    ) -> Self {
        Self {
            request,
            tools,
            patience,
            sentence,
            given: Mutex::default(),
        }
    }

    fn given(&self) -> parking_lot::MutexGuard<'_, Vec<String>> {
        self.given.lock()
    }

    fn give(&self, sentence: String) {
        let sentence = plain::text(sentence);
        self.given().push(sentence.clone());
        (self.sentence)(sentence);
    }

    async fn answer(&self, slot: &ProviderSlot) -> Result<Got<Call>, AttemptError> {
        let before = self.given().clone();
        let request = continued(self.request, &before);
        let asked = Conversing {
            request: &request,
            tools: self.tools,
            patience: self.patience,
        };
        let mut written = Written {
            sentences: Sentences::default(),
            before: before.into(),
        };
        let got = slot
            .client
            .converse(&asked, &mut |piece| {
                for sentence in written.push(piece) {
                    self.give(sentence);
                }
            })
            .await?;
        for sentence in written.finish() {
            self.give(sentence);
        }
        Ok(got)
    }
}

impl<F: Fn(String) + Send + Sync> Job for Answering<'_, F> {
    type Raw = Call;
    type Value = Spoken;
    const WORK: Work = Work::Chat;

    fn task(&self) -> &'static str {
        self.request.task.as_str()
    }

    fn attempt<'a>(
        &'a self,
        slot: &'a ProviderSlot,
    ) -> BoxFuture<'a, Result<Got<Call>, AttemptError>> {
        Box::pin(self.answer(slot))
    }

    fn accept(&self, raw: Call) -> Result<Spoken, AttemptError> {
        let say = self.given().join(" ");
        // A tool that was not offered is none.
        let offered = self.tools.iter().any(|tool| tool.name == raw.tool);
        let Call { tool, arguments } = if offered { raw } else { Call::default() };
        if say.is_empty() && tool.is_empty() {
            return Err(AttemptError::Invalid);
        }
        Ok(Spoken {
            say,
            tool,
            arguments: plain::text(arguments),
        })
    }
}

/// The request for whoever takes over in the middle of an answer.
fn continued(request: &ChatRequest, before: &[String]) -> ChatRequest {
    let mut request = request.clone();
    if !before.is_empty() {
        request.instructions = format!("{}\n\n{GO_ON}", request.instructions);
        request = request.with(Block::text(SPOKEN, before.join(" ")));
    }
    request
}

/// An answer while it is written. Whoever begins again instead of going on is not heard twice.
struct Written {
    sentences: Sentences,
    before: std::collections::VecDeque<String>,
}

impl Written {
    fn push(&mut self, piece: &str) -> Vec<String> {
        let whole = self.sentences.push(piece);
        self.unheard(whole)
    }

    fn finish(&mut self) -> Vec<String> {
        let last = self.sentences.finish();
        self.unheard(last.into_iter().collect())
    }

    fn unheard(&mut self, mut sentences: Vec<String>) -> Vec<String> {
        sentences.retain(|sentence| match self.before.front() == Some(sentence) {
            true => {
                self.before.pop_front();
                false
            }
            false => {
                self.before.clear();
                true
            }
        });
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_begins_again_is_not_heard_twice() {
        let written = |text: &str| {
            let mut written = Written {
                sentences: Sentences::default(),
                before: ["One.", "Two."].map(str::to_owned).into(),
            };
            let mut heard = written.push(text);
            heard.extend(written.finish());
            heard
        };
        assert_eq!(written("One. Two. Three."), ["Three."]);
        assert_eq!(written("Three. One."), ["Three.", "One."]);
        assert_eq!(written("One. Three."), ["Three."]);
    }
}
