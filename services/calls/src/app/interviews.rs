//! What becomes of the interview that a call is made for. A call may be known by these events alone, until its own
//! callback tells how it ended.

use async_trait::async_trait;
use events::v1::{AnswerTaken, Interview, InterviewEnded, InterviewEvaluated, InterviewStarted};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};
use tracing::warn;

use super::app_handled;
use super::call_update::{CallUpdate, TALK};
use crate::db::CallRow;

/// Takes `interview.started`.
pub struct LogInterviewStarted;

/// Takes `answer.taken`.
pub struct LogAnswer;

/// Takes `interview.ended`.
pub struct LogInterviewEnded;

/// Takes `interview.evaluated`.
pub struct LogInterviewEvaluated;

#[async_trait]
impl Decider for LogInterviewStarted {
    type Event = InterviewStarted;
    const NAME: &'static str = "interview-started";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewStarted,
    ) -> Result<Decision, HandlerError> {
        let interview = event.interview.unwrap_or_default();
        let detail = json!({
            "what": "an interview began", "interview_id": interview.id, "kind": interview.kind,
            "flow": interview.flow, "flow_version": interview.flow_version,
        });
        note(tx, cause, &interview, detail).await
    }
}

#[async_trait]
impl Decider for LogAnswer {
    type Event = AnswerTaken;
    const NAME: &'static str = "answer-taken";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnswerTaken,
    ) -> Result<Decision, HandlerError> {
        let interview = event.interview.unwrap_or_default();
        let detail = json!({
            "what": "an answer was given", "interview_id": interview.id,
            "question_number": event.question_number, "recording_sid": event.recording_sid,
            "duration_s": event.duration_s,
        });
        note(tx, cause, &interview, detail).await
    }
}

#[async_trait]
impl Decider for LogInterviewEnded {
    type Event = InterviewEnded;
    const NAME: &'static str = "interview-ended";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewEnded,
    ) -> Result<Decision, HandlerError> {
        let interview = event.interview.unwrap_or_default();
        let detail = json!({
            "what": "the interview ended", "interview_id": interview.id, "outcome": interview.outcome,
            "reason": interview.failure_reason, "questions": interview.questions, "answers": interview.answers,
        });
        note(tx, cause, &interview, detail).await
    }
}

#[async_trait]
impl Decider for LogInterviewEvaluated {
    type Event = InterviewEvaluated;
    const NAME: &'static str = "interview-evaluated";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewEvaluated,
    ) -> Result<Decision, HandlerError> {
        let interview = event.interview.unwrap_or_default();
        let detail = json!({
            "what": "the interview was evaluated", "interview_id": interview.id,
            "overall_score": event.overall_score, "recommendation": event.recommendation,
        });
        note(tx, cause, &interview, detail).await
    }
}

/// Each event carries the interview as it was then, so each is good for all that the earlier ones said.
async fn note(
    tx: &mut Tx,
    cause: &Cause,
    interview: &Interview,
    detail: Value,
) -> Result<Decision, HandlerError> {
    if interview.call_sid.is_empty() {
        // Nobody was called.
        return Ok(Decision::nothing());
    }
    let mut update = CallUpdate::open_by_interview(tx, cause, interview).await?;
    update.log("event", detail);
    take(&mut update.row, interview);
    let verdict = app_handled::verdict_by_interview(&interview.outcome, &interview.failure_reason);
    update.apply(verdict);
    // The end of the call is told by a callback, which may be lost.
    update.schedule_check("call.silent", TALK);
    Ok(update.save(tx).await?)
}

/// Takes in what is known of the interview; a later state replaces an earlier one, whenever it comes.
fn take(row: &mut CallRow, interview: &Interview) {
    if row.interview_id.is_empty() {
        row.interview_id.clone_from(&interview.id);
        row.interview_flow.clone_from(&interview.flow);
    } else if row.interview_id != interview.id {
        warn!(
            call.sid = row.call_sid,
            interview.id = interview.id,
            "a second interview claims a call; the first one keeps it"
        );
        return;
    }
    if rank(&interview.status) > rank(&row.interview_status) {
        row.interview_status.clone_from(&interview.status);
    }
    if row.interview_outcome.is_empty() {
        row.interview_outcome.clone_from(&interview.outcome);
    }
}

fn rank(status: &str) -> u8 {
    match status {
        "pending" => 1,
        "calling" => 2,
        "in-progress" => 3,
        "ended" => 4,
        _ => 0,
    }
}
