//! The recordings of answers: Twilio tells of them, or they are looked for.

use async_trait::async_trait;
use events::v1::{RecordingDue, TwilioRecordingStatus};
use flow::Recording;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use super::Env;
use super::follow::{follow, take_step};
use super::locked_interview::{LockedInterview, question_number};
use super::turns::names_one;

/// Takes `twilio.recording.status`.
pub struct Follow(pub Env);

#[async_trait]
impl Decider for Follow {
    type Event = TwilioRecordingStatus;
    const NAME: &'static str = "recording-status";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioRecordingStatus,
    ) -> Result<Decision, HandlerError> {
        let webhook = event.webhook.unwrap_or_default();
        let file = event.recording.unwrap_or_default();
        // Recordings of other calls come by here too.
        if !names_one(&webhook) {
            return Ok(Decision::nothing());
        }
        let Some(mut held) = LockedInterview::of_webhook(tx, &webhook, &event.call_sid).await?
        else {
            return Ok(Decision::nothing());
        };
        let recording = Recording {
            sid: file.recording_sid,
            url: file.url,
            duration_s: file.duration_s,
        };
        let number = question_number(&webhook).or_else(|| {
            let known = held.progress.answers.iter();
            known
                .filter(|answer| {
                    answer
                        .recording
                        .as_ref()
                        .is_some_and(|it| it.sid == recording.sid)
                })
                .map(|answer| answer.number)
                .next()
        });
        let Some(number) = number else {
            return Ok(Decision::nothing());
        };
        let step = held
            .machine(cause.time)
            .recorded(number, &recording, &event.status);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `recording.due`: if Twilio has not told of a recording by now, it is asked for.
pub struct LookFor(pub Env);

#[async_trait]
impl Decider for LookFor {
    type Event = RecordingDue;
    const NAME: &'static str = "recording-due";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingDue,
    ) -> Result<Decision, HandlerError> {
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let number = event.question_number;
            let recording = held.progress.answer(number)?.recording.as_ref()?;
            if recording.sid != event.recording_sid {
                return None;
            }
            Some(held.machine(cause.time).recording_due(number))
        })
        .await
    }
}
