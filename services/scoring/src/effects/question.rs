//! The next question.

use std::time::Duration;

use ai::task::{AboutQuestion, Question};
use ai::{Ai, Block, ChatRequest, Task};
use async_trait::async_trait;
use events::v1::{AiPreferences, QuestionWrite, QuestionWritingFailed, QuestionWritten};
use role::{Cause, HandlerError, Outcome, Performer, derive_id};

use super::summary::turns;
use super::{PREFETCH, answered, told};
use crate::prompts;
use crate::results::{Effect, EffectResult, Made, Results};
use crate::text::{MOST, cut, is_one_question, is_repeat, plain};
use crate::usage::Took;

/// Writes questions.
pub(crate) struct Write {
    pub results: Results,
    pub ai: Ai,
}

#[async_trait]
impl Performer for Write {
    type Command = QuestionWrite;
    const NAME: &'static str = "question";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: QuestionWrite,
    ) -> Result<Outcome, HandlerError> {
        let effect = Effect {
            kind: "question",
            id: &command.write_id,
            tenant: &command.tenant_id,
            // A question that has been asked meanwhile is none to ask again.
            made_of: derive_id(&asked(&command)),
        };
        let (id, tenant) = (command.write_id.clone(), &command.tenant_id);
        let outcome = self
            .results
            .execute(&effect, cause, self.make(&command))
            .await?;
        Ok(match outcome {
            EffectResult::Done(kept) => {
                let event = QuestionWritten {
                    write_id: id,
                    interview_id: command.interview_id.clone(),
                    question_number: command.question_number,
                    question: kept.value,
                    usage: kept.took.as_ref().map(Took::told),
                };
                told(&event, &effect, tenant)
            }
            EffectResult::Failed(reason) => {
                let event = QuestionWritingFailed {
                    write_id: id,
                    interview_id: command.interview_id.clone(),
                    question_number: command.question_number,
                    reason: reason.to_owned(),
                };
                answered(&event, effect.id, cause, tenant)
            }
        })
    }
}

fn asked(command: &QuestionWrite) -> Vec<&str> {
    command.asked.iter().map(String::as_str).collect()
}

impl Write {
    async fn make(&self, command: &QuestionWrite) -> Made<String> {
        let usual = AiPreferences::default();
        let wishes = command.wishes.as_ref().unwrap_or(&usual);
        let about = AboutQuestion {
            topic: command.topic.clone(),
            question_number: command.question_number,
            asked: command.asked.clone(),
            turns: turns(&command.turns),
        };
        let mut request = ChatRequest::new(Task::Question, prompts::question(wishes))
            .with(Block::json("interview", &about));
        let resume = cut(&command.resume, MOST);
        if !resume.trim().is_empty() {
            request = request.with(Block::text("resume", resume));
        }
        request.language.clone_from(&command.language);
        request.model.clone_from(&wishes.chat_model);
        let fits = |written: &Question| {
            is_one_question(&written.question) && !is_repeat(&written.question, &command.asked)
        };
        let written = self.ai.chat_that(&request, fits).await?;
        let question = plain(&written.value.question);
        Ok((question, Some(written.usage.into())))
    }
}
