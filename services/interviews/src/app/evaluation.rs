//! What scoring says: transcripts, scores, the summary.

use async_trait::async_trait;
use events::v1::{
    AiUsage, AnswerNotScored, AnswerNotTranscribed, AnswerScored, AnswerTranscribed,
    InterviewNotSummarized, InterviewSummarized,
};
use flow::Usage;
use role::{Cause, Decider, Decision, Fault, Tx};
use store::types::Json;

use super::Desk;
use super::follow::follow;
use super::held::Held;
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
    }
}

/// The interview whose answer this is; none: it is one of an earlier call, or of another recording.
async fn with_answer(
    tx: &mut Tx,
    interview: &str,
    number: u32,
    answer: &str,
) -> Result<Option<Held>, Fault> {
    let held = Held::by_id(tx, interview).await?;
    Ok(held.filter(|held| held.answer_id(number) == answer))
}

/// Takes `answer.transcribed`.
pub struct Transcribed(pub Desk);

#[async_trait]
impl Decider for Transcribed {
    type Event = AnswerTranscribed;
    const NAME: &'static str = "transcribed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerTranscribed,
    ) -> Result<Decision, Fault> {
        let (id, number) = (&event.interview_id, event.question_number);
        let Some(mut held) = with_answer(tx, id, number, &event.answer_id).await? else {
            return Ok(Decision::nothing());
        };
        let used = usage("transcribe", event.usage);
        let step = held
            .machine(cause.time)
            .transcribed(number, &event.transcript, used);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `answer.not_transcribed`.
pub struct NotTranscribed(pub Desk);

#[async_trait]
impl Decider for NotTranscribed {
    type Event = AnswerNotTranscribed;
    const NAME: &'static str = "not-transcribed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerNotTranscribed,
    ) -> Result<Decision, Fault> {
        let (id, number) = (&event.interview_id, event.question_number);
        let Some(mut held) = with_answer(tx, id, number, &event.answer_id).await? else {
            return Ok(Decision::nothing());
        };
        let step = held.machine(cause.time).unable(number, &event.reason);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `answer.scored`.
pub struct Scored(pub Desk);

#[async_trait]
impl Decider for Scored {
    type Event = AnswerScored;
    const NAME: &'static str = "scored";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerScored,
    ) -> Result<Decision, Fault> {
        let (id, number) = (&event.interview_id, event.question_number);
        let Some(mut held) = with_answer(tx, id, number, &event.answer_id).await? else {
            return Ok(Decision::nothing());
        };
        let used = usage("score", event.usage);
        let step = held.machine(cause.time).scored(
            number,
            event.score,
            &event.feedback,
            &event.quote,
            used,
        );
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `answer.not_scored`.
pub struct NotScored(pub Desk);

#[async_trait]
impl Decider for NotScored {
    type Event = AnswerNotScored;
    const NAME: &'static str = "not-scored";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerNotScored,
    ) -> Result<Decision, Fault> {
        let (id, number) = (&event.interview_id, event.question_number);
        let Some(mut held) = with_answer(tx, id, number, &event.answer_id).await? else {
            return Ok(Decision::nothing());
        };
        let step = held.machine(cause.time).not_scored(number, &event.reason);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `interview.summarized`.
pub struct Summarized(pub Desk);

#[async_trait]
impl Decider for Summarized {
    type Event = InterviewSummarized;
    const NAME: &'static str = "summarized";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewSummarized,
    ) -> Result<Decision, Fault> {
        let Some(mut held) = Held::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if held.progress.evaluated {
            return Ok(Decision::nothing());
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
        let step = held.machine(cause.time).summed_up(feedback, waits);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `interview.not_summarized`: the scores stand without words.
pub struct NotSummarized(pub Desk);

#[async_trait]
impl Decider for NotSummarized {
    type Event = InterviewNotSummarized;
    const NAME: &'static str = "not-summarized";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewNotSummarized,
    ) -> Result<Decision, Fault> {
        let Some(mut held) = Held::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        let waits = !held.waiting().is_empty();
        let step = held.machine(cause.time).summed_up(None, waits);
        follow(&self.0, tx, cause, held, step).await
    }
}
