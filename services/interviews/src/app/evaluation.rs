//! What scoring says: transcripts, scores, the summary.

use async_trait::async_trait;
use events::v1::{
    AiUsage, AnswerScored, AnswerScoringFailed, AnswerTranscribed, AnswerTranscriptionFailed,
    InterviewSummarized, InterviewSummaryFailed,
};
use flow::{Machine, Usage};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use store::types::Json;

use super::Env;
use super::follow::take_step;
use super::locked_interview::LockedInterview;
use crate::db::Evaluation;

/// What some work took, as it is kept.
pub(super) fn usage(task: &str, used: Option<AiUsage>) -> Usage {
    let used = used.unwrap_or_default();
    Usage {
        task: task.to_owned(),
        provider: used.provider,
        model: used.model,
        simulated: used.simulated,
        latency_ms: used.latency_ms,
        cost_micro_usd: used.cost_micro_usd,
        prompt_tokens: used.prompt_tokens,
        completion_tokens: used.completion_tokens,
    }
}

/// The machine for what is about an answer; none: it is an answer of an earlier call, or another recording.
fn machine_for<'a>(
    held: &'a mut LockedInterview,
    cause: &Cause,
    number: u32,
    answer: &str,
) -> Option<Machine<'a>> {
    if held.answer_id(number) != answer {
        return None;
    }
    Some(held.machine(cause.time))
}

/// Takes `answer.transcribed`.
pub struct Transcribed(pub Env);

#[async_trait]
impl Decider for Transcribed {
    type Event = AnswerTranscribed;
    const NAME: &'static str = "transcribed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerTranscribed,
    ) -> Result<Decision, HandlerError> {
        let number = event.question_number;
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let mut machine = machine_for(held, cause, number, &event.answer_id)?;
            let used = usage("transcribe", event.usage);
            Some(machine.transcribed(number, &event.transcript, used))
        })
        .await
    }
}

/// Takes `answer.transcription_failed`.
pub struct NotTranscribed(pub Env);

#[async_trait]
impl Decider for NotTranscribed {
    type Event = AnswerTranscriptionFailed;
    const NAME: &'static str = "not-transcribed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerTranscriptionFailed,
    ) -> Result<Decision, HandlerError> {
        let number = event.question_number;
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let mut machine = machine_for(held, cause, number, &event.answer_id)?;
            Some(machine.unable(number, &event.reason))
        })
        .await
    }
}

/// Takes `answer.scored`.
pub struct Scored(pub Env);

#[async_trait]
impl Decider for Scored {
    type Event = AnswerScored;
    const NAME: &'static str = "scored";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerScored,
    ) -> Result<Decision, HandlerError> {
        let number = event.question_number;
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let mut machine = machine_for(held, cause, number, &event.answer_id)?;
            let used = usage("score", event.usage);
            let (score, feedback) = (event.score, &event.feedback);
            Some(machine.scored(number, score, feedback, &event.quote, used))
        })
        .await
    }
}

/// Takes `answer.scoring_failed`.
pub struct NotScored(pub Env);

#[async_trait]
impl Decider for NotScored {
    type Event = AnswerScoringFailed;
    const NAME: &'static str = "not-scored";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerScoringFailed,
    ) -> Result<Decision, HandlerError> {
        let number = event.question_number;
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let mut machine = machine_for(held, cause, number, &event.answer_id)?;
            Some(machine.not_scored(number, &event.reason))
        })
        .await
    }
}

/// Takes `interview.summarized`.
pub struct Summarized(pub Env);

#[async_trait]
impl Decider for Summarized {
    type Event = InterviewSummarized;
    const NAME: &'static str = "summarized";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewSummarized,
    ) -> Result<Decision, HandlerError> {
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            if held.progress.evaluated {
                return None;
            }
            let evaluation = Evaluation {
                overall_score: Some(event.overall_score),
                recommendation: event.recommendation,
                strengths: event.strengths,
                areas_for_improvement: event.areas_for_improvement,
                feedback: event.feedback.clone(),
                usage: vec![usage("summary", event.usage)],
            };
            held.row.result = Json::of(&evaluation).ok();
            let waits = !held.waiting().is_empty();
            let feedback = Some(event.feedback.as_str()).filter(|text| !text.is_empty());
            Some(held.machine(cause.time).summed_up(feedback, waits))
        })
        .await
    }
}

/// Takes `interview.summary_failed`: the scores stand without words.
pub struct NotSummarized(pub Env);

#[async_trait]
impl Decider for NotSummarized {
    type Event = InterviewSummaryFailed;
    const NAME: &'static str = "not-summarized";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewSummaryFailed,
    ) -> Result<Decision, HandlerError> {
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let waits = !held.waiting().is_empty();
            Some(held.machine(cause.time).summed_up(None, waits))
        })
        .await
    }
}
