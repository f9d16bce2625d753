//! Questions that are written for the caller.

use async_trait::async_trait;
use events::v1::{QuestionWritingFailed, QuestionWritten};
use role::{Cause, Decider, Decision, HandlerError, Tx};

use super::Env;
use super::evaluation::usage;
use super::follow::take_step;
use super::locked_interview::LockedInterview;

/// Which of the questions that were asked for in this call has this identity; none: it was written for an earlier one.
fn ordinal(held: &LockedInterview, write_id: &str) -> Option<u32> {
    let last = write_id.rsplit('.').next()?.parse().ok()?;
    Some(last).filter(|ordinal| held.write_id(*ordinal) == write_id)
}

/// Takes `question.written`.
pub struct Written(pub Env);

#[async_trait]
impl Decider for Written {
    type Event = QuestionWritten;
    const NAME: &'static str = "written";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: QuestionWritten,
    ) -> Result<Decision, HandlerError> {
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let ordinal = ordinal(held, &event.write_id)?;
            let used = usage("question", event.usage);
            let simulated = used.simulated;
            held.progress.usage.push(used);
            let mut machine = held.machine(cause.time);
            Some(machine.written(ordinal, &event.question, simulated))
        })
        .await
    }
}

/// Takes `question.writing_failed`.
pub struct NotWritten(pub Env);

#[async_trait]
impl Decider for NotWritten {
    type Event = QuestionWritingFailed;
    const NAME: &'static str = "not-written";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: QuestionWritingFailed,
    ) -> Result<Decision, HandlerError> {
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let ordinal = ordinal(held, &event.write_id)?;
            Some(held.machine(cause.time).not_written(ordinal))
        })
        .await
    }
}
