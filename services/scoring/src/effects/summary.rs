//! An interview, summed up.

use std::time::Duration;

use ai::task::{self, AboutInterview, Summary};
use ai::{Ai, Block, ChatRequest, Task};
use async_trait::async_trait;
use events::v1::{
    AiPreferences, InterviewSummarize, InterviewSummarized, InterviewSummaryFailed, Turn,
};
use role::{Cause, HandlerError, Outcome, Performer, derive_id};
use serde::{Deserialize, Serialize};

use super::{answered, told};
use crate::prompts;
use crate::results::{Effect, EffectResult, Made, Miss, Results};
use crate::text::{MOST, cut, plain, sentences};
use crate::usage::Took;

const SCREENER: &str = "screener";
const RECOMMENDATIONS: [&str; 4] = ["strong_yes", "yes", "maybe", "no"];
/// Of strengths and of areas for improvement.
const ITEMS: usize = 5;
/// Bytes of one of them.
const ITEM: usize = 200;
/// Of what is spoken at the end.
const SENTENCES: usize = 3;

/// Sums interviews up.
pub(crate) struct SumUp {
    pub results: Results,
    pub ai: Ai,
}

#[derive(Serialize, Deserialize)]
struct SummedUp {
    overall_score: u32,
    recommendation: String,
    strengths: Vec<String>,
    areas_for_improvement: Vec<String>,
    feedback: String,
}

/// What was asked and said, as data for a model.
pub(super) fn turns(turns: &[Turn]) -> Vec<task::Turn> {
    let turn = |turn: &Turn| task::Turn {
        question_number: turn.question_number,
        question: turn.question.clone(),
        transcript: cut(&turn.transcript, MOST).to_owned(),
        score: turn.score,
        feedback: turn.feedback.clone(),
    };
    turns.iter().map(turn).collect()
}

/// The mean of the answers that were scored; the others count neither way. Half a point is rounded up.
fn mean(turns: &[Turn]) -> Option<u32> {
    let scores = || turns.iter().filter_map(|turn| turn.score);
    let count = u32::try_from(scores().count()).ok()?;
    let sum: u32 = scores().map(|score| score.min(100)).sum();
    (sum + count / 2).checked_div(count)
}

#[async_trait]
impl Performer for SumUp {
    type Command = InterviewSummarize;
    const NAME: &'static str = "summary";

    fn prefetch(&self) -> u16 {
        super::PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: InterviewSummarize,
    ) -> Result<Outcome, HandlerError> {
        let effect = Effect {
            kind: "summary",
            id: &command.interview_id,
            tenant: &command.tenant_id,
            made_of: made_of(&command),
        };
        let tenant = &command.tenant_id;
        let outcome = self
            .results
            .execute(&effect, cause, self.make(&command))
            .await?;
        Ok(match outcome {
            EffectResult::Done(kept) => {
                let event = InterviewSummarized {
                    interview_id: command.interview_id.clone(),
                    overall_score: kept.value.overall_score,
                    recommendation: kept.value.recommendation,
                    strengths: kept.value.strengths,
                    areas_for_improvement: kept.value.areas_for_improvement,
                    feedback: kept.value.feedback,
                    usage: kept.took.as_ref().map(Took::told),
                };
                told(&event, &effect, tenant)
            }
            EffectResult::Failed(reason) => {
                let event = InterviewSummaryFailed {
                    interview_id: command.interview_id.clone(),
                    reason: reason.to_owned(),
                };
                answered(&event, effect.id, cause, tenant)
            }
        })
    }
}

/// An interview may be summed up again when an answer has come late.
fn made_of(command: &InterviewSummarize) -> String {
    let mut parts = vec![command.kind.clone(), command.position.clone()];
    for turn in &command.turns {
        let score = turn.score.map(|score| score.to_string());
        parts.extend([
            turn.question.clone(),
            turn.transcript.clone(),
            score.unwrap_or_default(),
        ]);
    }
    derive_id(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

impl SumUp {
    async fn make(&self, command: &InterviewSummarize) -> Made<SummedUp> {
        let usual = AiPreferences::default();
        let wishes = command.wishes.as_ref().unwrap_or(&usual);
        let is_screener = command.kind == SCREENER;
        let mean = mean(&command.turns);
        if command
            .turns
            .iter()
            .all(|turn| turn.transcript.trim().is_empty())
        {
            return Err(Miss::Never("nothing_said"));
        }
        if is_screener && mean.is_none() {
            return Err(Miss::Never("nothing_scored"));
        }
        let about = AboutInterview {
            kind: command.kind.clone(),
            position: command.position.clone(),
            turns: turns(&command.turns),
        };
        let task = prompts::summary(wishes, is_screener);
        let mut request =
            ChatRequest::new(Task::Summary, task).with(Block::json("interview", &about));
        let resume = cut(&command.resume, MOST);
        if !resume.trim().is_empty() {
            request = request.with(Block::text("resume", resume));
        }
        request.language.clone_from(&command.language);
        request.model.clone_from(&wishes.chat_model);
        let fits = |summary: &Summary| {
            let known = RECOMMENDATIONS.contains(&summary.recommendation.as_str());
            summary.overall_score <= 100
                && !summary.feedback.trim().is_empty()
                && (known || !is_screener)
        };
        let said = self.ai.chat_that(&request, fits).await?;
        let summary = said.value;
        let recommendation = Some(summary.recommendation).filter(|_| is_screener);
        let summed_up = SummedUp {
            // The number is ours; a model's stands only where no answer was scored.
            overall_score: mean.unwrap_or(summary.overall_score),
            recommendation: recommendation.unwrap_or_default(),
            strengths: items(&summary.strengths),
            areas_for_improvement: items(&summary.areas_for_improvement),
            feedback: sentences(&summary.feedback, SENTENCES),
        };
        Ok((summed_up, Some(said.usage.into())))
    }
}

fn items(said: &[String]) -> Vec<String> {
    let items = said.iter().map(|item| plain(cut(item, ITEM)));
    items.filter(|item| !item.is_empty()).take(ITEMS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_is_the_mean_of_what_was_scored() {
        let turns = |scores: &[Option<u32>]| -> Vec<Turn> {
            let turn = |score: &Option<u32>| Turn {
                score: *score,
                ..Turn::default()
            };
            scores.iter().map(turn).collect()
        };
        assert_eq!(mean(&turns(&[Some(80), None, Some(51)])), Some(66));
        assert_eq!(mean(&turns(&[Some(0)])), Some(0));
        assert_eq!(mean(&turns(&[None, None])), None);
        assert_eq!(mean(&[]), None);
    }
}
