//! How good an answer was.

use std::time::Duration;

use ai::task::{self, AboutAnswer};
use ai::{Ai, Answer, Block, ChatRequest, Task};
use async_trait::async_trait;
use events::v1::{AiPreferences, AnswerScore, AnswerScored, AnswerScoringFailed};
use role::{Cause, HandlerError, Outcome, Performer, derive_id};
use serde::{Deserialize, Serialize};

use super::{PREFETCH, answered, told};
use crate::prompts;
use crate::results::{Effect, EffectResult, Made, Miss, Results};
use crate::text::{MOST, cut, plain, verbatim};
use crate::usage::Took;

/// Scores answers.
pub(crate) struct Score {
    pub results: Results,
    pub ai: Ai,
}

#[derive(Serialize, Deserialize)]
struct Scored {
    score: u32,
    feedback: String,
    quote: String,
}

#[async_trait]
impl Performer for Score {
    type Command = AnswerScore;
    const NAME: &'static str = "score";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, command: AnswerScore) -> Result<Outcome, HandlerError> {
        let AnswerScore {
            question,
            transcript,
            criteria,
            position,
            ..
        } = &command;
        let effect = Effect {
            kind: "score",
            id: &command.answer_id,
            tenant: &command.tenant_id,
            made_of: derive_id(&[question, transcript, criteria, position]),
        };
        let (id, tenant) = (command.answer_id.clone(), &command.tenant_id);
        let outcome = self
            .results
            .execute(&effect, cause, self.make(&command))
            .await?;
        Ok(match outcome {
            EffectResult::Done(kept) => {
                let event = AnswerScored {
                    answer_id: id,
                    interview_id: command.interview_id.clone(),
                    question_number: command.question_number,
                    score: kept.value.score,
                    feedback: kept.value.feedback,
                    quote: kept.value.quote,
                    usage: kept.took.as_ref().map(Took::told),
                };
                told(&event, &effect, tenant)
            }
            EffectResult::Failed(reason) => {
                let event = AnswerScoringFailed {
                    answer_id: id,
                    interview_id: command.interview_id.clone(),
                    question_number: command.question_number,
                    reason: reason.to_owned(),
                };
                answered(&event, effect.id, cause, tenant)
            }
        })
    }
}

impl Score {
    /// A score without a quote of the transcript is asked for once more; then the quote is left out.
    async fn make(&self, command: &AnswerScore) -> Made<Scored> {
        let transcript = cut(&command.transcript, MOST);
        if transcript.trim().is_empty() {
            return Err(Miss::Never("nothing_said"));
        }
        let about = AboutAnswer {
            question: command.question.clone(),
            transcript: transcript.to_owned(),
            criteria: command.criteria.clone(),
            position: command.position.clone(),
        };
        let first = self.ask(command, &about, false).await?;
        let mut took = Took::from(first.usage);
        let mut score = first.value;
        let mut quote = verbatim(&score.quote, transcript);
        if quote.is_none()
            && let Ok(second) = self.ask(command, &about, true).await
        {
            took = took.and(second.usage.into());
            score = second.value;
            quote = verbatim(&score.quote, transcript);
        }
        let scored = Scored {
            score: score.score,
            feedback: plain(&score.feedback),
            quote: quote.unwrap_or_default(),
        };
        Ok((scored, Some(took)))
    }

    async fn ask(
        &self,
        command: &AnswerScore,
        about: &AboutAnswer,
        again: bool,
    ) -> Result<Answer<task::Score>, ai::Error> {
        let usual = AiPreferences::default();
        let wishes = command.wishes.as_ref().unwrap_or(&usual);
        let mut request = ChatRequest::new(Task::Score, prompts::score(wishes, again))
            .with(Block::json("answer", about));
        request.language.clone_from(&command.language);
        request.model.clone_from(&wishes.chat_model);
        let fits = |score: &task::Score| score.score <= 100 && !score.feedback.trim().is_empty();
        self.ai.chat_that(&request, fits).await
    }
}
