//! The end of a call, and what is looked at some time after it.

use async_trait::async_trait;
use events::v1::{CallEnded, CallHangUp, InterviewSettle, TwilioCallStatus};
use flow::Step;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use super::Env;
use super::follow::follow;
use super::locked_interview::LockedInterview;
use super::milestones::settle;

/// Twilio's words for a call that is over.
fn is_final(status: &str) -> bool {
    matches!(
        status,
        "completed" | "busy" | "no-answer" | "canceled" | "failed"
    )
}

/// Takes `twilio.call.status`. The states of all calls come by here; only the ends of interviews' count.
pub struct FollowCall(pub Env);

#[async_trait]
impl Decider for FollowCall {
    type Event = TwilioCallStatus;
    const NAME: &'static str = "call-status";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioCallStatus,
    ) -> Result<Decision, HandlerError> {
        let (webhook, voice) = (
            event.webhook.unwrap_or_default(),
            event.voice.unwrap_or_default(),
        );
        let is_over = is_final(&voice.call_status);
        if !is_over && event.answered_by.is_empty() {
            return Ok(Decision::nothing());
        }
        let Some(mut held) = LockedInterview::of_webhook(tx, &webhook, &voice.call_sid).await?
        else {
            return Ok(Decision::nothing());
        };
        let mut machine = held.machine(cause.time);
        machine.detected(&event.answered_by);
        let step = if is_over {
            machine.ended(&voice.call_status, event.sip_response_code)
        } else {
            Step::nothing()
        };
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `call.ended`: where Twilio's callback was lost, calls has looked at the call itself.
pub struct LearnEnd(pub Env);

#[async_trait]
impl Decider for LearnEnd {
    type Event = CallEnded;
    const NAME: &'static str = "call-ended";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallEnded,
    ) -> Result<Decision, HandlerError> {
        let call = event.call.unwrap_or_default();
        if !is_final(&call.status) {
            return Ok(Decision::nothing());
        }
        let held = LockedInterview::of_call(tx, &call.call_sid, &call.account_sid).await?;
        // One that has heard of it has its own word on it.
        let Some(mut held) = held.filter(|held| held.progress.end.is_none()) else {
            return Ok(Decision::nothing());
        };
        let step = held.machine(cause.time).ended(&call.status, None);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `interview.settle`.
pub struct Settle(pub Env);

#[async_trait]
impl Decider for Settle {
    type Event = InterviewSettle;
    const NAME: &'static str = "settle";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewSettle,
    ) -> Result<Decision, HandlerError> {
        let Some(mut held) = LockedInterview::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if event.attempt != held.attempt() {
            return Ok(Decision::nothing());
        }
        match event.what.as_str() {
            "call" if held.progress.end.is_some() => {
                let mut machine = held.machine(cause.time);
                let step = machine.settled();
                // How it went may depend on words that are still being transcribed.
                let is_open = machine.verdict().is_none();
                let results = settle(&held, "results");
                let decision = follow(&self.0, tx, cause, held, step).await?;
                Ok(if is_open {
                    decision.schedule(self.0.timings.results, &results)
                } else {
                    decision
                })
            }
            "limit" if held.progress.end.is_none() => {
                Ok(Decision::nothing().publish(&CallHangUp {
                    call_sid: held.row.call_sid.clone().unwrap_or_default(),
                    tenant_id: held.row.tenant_id.clone(),
                    account_sid: held.row.account_sid.clone(),
                    reason: "time_limit".to_owned(),
                }))
            }
            "silence" if held.row.status != "ended" && held.progress.end.is_none() => {
                let mut machine = held.machine(cause.time);
                let mut step = machine.ended("nobody told how the call went", None);
                step.effects.extend(machine.settled().effects);
                follow(&self.0, tx, cause, held, step).await
            }
            "results" => give_up(&self.0, tx, cause, held).await,
            _ => Ok(Decision::nothing()),
        }
    }
}

/// What is not there by now will not be: the interview is evaluated without it. Only a summary that can be asked for
/// just now has as long again.
async fn give_up(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    mut held: LockedInterview,
) -> Result<Decision, HandlerError> {
    let reason = "it took too long";
    let numbers = held.progress.answers.iter().map(|answer| answer.number);
    let numbers: Vec<u32> = numbers.collect();
    let was_asked_for = held.progress.summing_up;
    let mut machine = held.machine(cause.time);
    let mut step = Step::nothing();
    for number in numbers {
        step.effects.extend(machine.unable(number, reason).effects);
        step.effects
            .extend(machine.not_scored(number, reason).effects);
    }
    if was_asked_for {
        step.effects.extend(machine.summed_up(None, false).effects);
    }
    let again = held.progress.summing_up && !held.progress.evaluated;
    let settle = settle(&held, "results");
    let decision = follow(env, tx, cause, held, step).await?;
    Ok(if again {
        decision.schedule(env.timings.results, &settle)
    } else {
        decision
    })
}
