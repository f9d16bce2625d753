//! Calling a candidate.

use async_trait::async_trait;
use chrono::Duration;
use clock::Time;
use events::v1::{CallPlace, CallPlaced, CallRefused, InterviewDial};
use flow::{OnMachine, Progress};
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use tracing::info;
use twilio_types::REPEATED;

use super::follow::follow;
use super::locked_interview::LockedInterview;
use super::milestones::{end, settle};
use super::retry::dial;
use super::{Env, speech};
use crate::db;

/// Nobody is called by an order that is older than this: it would come as a surprise.
const FRESH: Duration = Duration::hours(1);
/// Why egress refuses an order whose time is over.
const EXPIRED: &str = "expired";
/// Why a call waits: nobody is called now.
pub const QUIET_HOURS: &str = "quiet_hours";
/// The longest call that Twilio allows.
const LONGEST_CALL: Duration = Duration::hours(4);

/// Takes `interview.dial`.
pub struct Dial(pub Env);

#[async_trait]
impl Decider for Dial {
    type Event = InterviewDial;
    const NAME: &'static str = "dial";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewDial,
    ) -> Result<Decision, HandlerError> {
        let Some(mut held) = LockedInterview::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if held.row.status != "pending" || held.row.attempt != i64::from(event.attempt) {
            return Ok(Decision::nothing());
        }
        if let Some(until) = held.quiet_until(cause.time) {
            info!(interview.id = held.row.id, %until, "call waits for the end of the candidate's quiet hours");
            held.wait_until(QUIET_HOURS, until);
            held.save(tx).await?;
            return Ok(Decision::nothing().schedule(until - cause.time, &event));
        }
        held.row.status = "calling".to_owned();
        held.wait_no_longer();
        held.progress.ordered_at = Some(cause.time);
        // While it rings, what is sure to be said is spoken into files.
        let lines = held
            .definition
            .fixed_lines(&held.row.language, held.consent_notice());
        let spoken = speech::prepare(&self.0, tx, cause, &held, &lines).await?;
        let decision = spoken
            .publish(&self.place(&held, cause))
            .merge(silence(&self.0, &held));
        held.save(tx).await?;
        Ok(decision)
    }
}

impl Dial {
    fn place(&self, held: &LockedInterview, cause: &Cause) -> CallPlace {
        let (row, flow) = (&held.row, &held.definition);
        // Whoever performs it may come to it late: never in the quiet hours that begin meanwhile.
        let quiet = held.quiet_from(cause.time);
        let expires = quiet.map_or(cause.time + FRESH, |from| from.min(cause.time + FRESH));
        let url = |path: &str| format!("{}{path}?interview_id={}", self.0.public_url, row.id);
        let machine_detection = match flow.machine.action {
            OnMachine::Ignore => "",
            OnMachine::HangUp => "Enable",
            OnMachine::Message => "DetectMessageEnd",
        };
        CallPlace {
            place_id: place_id(held),
            tenant_id: row.tenant_id.clone(),
            account_sid: row.account_sid.clone(),
            from: row.number.clone(),
            to: row.person.clone(),
            // Asked again where we are away for a moment, or the candidate hears an error.
            url: format!("{}{REPEATED}", url("/start-interview")),
            status_callback: format!("{}{REPEATED}", url("/api/webhooks/call-status/")),
            ring_s: flow.ring_s,
            time_limit_s: flow.max_call_s,
            machine_detection: machine_detection.to_owned(),
            expires_at: expires.to_rfc3339(),
            purpose: "interview".to_owned(),
            interview_id: row.id.clone(),
            ..CallPlace::default()
        }
    }
}

/// Names the call that is made for an attempt.
fn place_id(held: &LockedInterview) -> String {
    derive_id(&["call.place", &held.row.id, &held.row.attempt.to_string()])
}

/// When nobody has told how the call went, it went wrong.
pub fn silence(env: &Env, held: &LockedInterview) -> Decision {
    let longest = match held.definition.max_call_s {
        0 => LONGEST_CALL,
        limit => Duration::seconds(i64::from(limit)),
    };
    Decision::nothing().schedule(longest + env.timings.silence, &settle(held, "silence"))
}

/// Whether this call was ordered last, and nothing of it is known yet.
fn is_awaited(held: &LockedInterview, place: &str) -> bool {
    held.row.status == "calling" && held.row.call_sid.is_none() && place == place_id(held)
}

/// Takes `call.placed`.
pub struct Placed;

#[async_trait]
impl Decider for Placed {
    type Event = CallPlaced;
    const NAME: &'static str = "placed";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallPlaced,
    ) -> Result<Decision, HandlerError> {
        let Some(mut held) = LockedInterview::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if is_awaited(&held, &event.place_id)
            && db::call_bind(tx, &event.call_sid, &held.row.id, held.row.attempt).await?
        {
            held.row.call_sid = Some(event.call_sid);
            held.save(tx).await?;
        }
        Ok(Decision::nothing())
    }
}

/// Takes `call.refused`: nobody will be called.
pub struct Refused(pub Env);

#[async_trait]
impl Decider for Refused {
    type Event = CallRefused;
    const NAME: &'static str = "refused";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallRefused,
    ) -> Result<Decision, HandlerError> {
        let Some(mut held) = LockedInterview::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if !is_awaited(&held, &event.place_id) {
            return Ok(Decision::nothing());
        }
        if event.reason == EXPIRED
            && let Some(decision) = postpone(&mut held, cause.time)
        {
            held.save(tx).await?;
            return Ok(decision);
        }
        let reason = match event.code {
            0 => event.reason,
            code => format!("{} (Twilio {code})", event.reason),
        };
        let ended = end(&self.0, cause, &mut held, "failed", reason);
        // There will be no answers, and so no results to wait for.
        let step = held.machine(cause.time).summed_up(None, false);
        Ok(ended.merge(follow(&self.0, tx, cause, held, step).await?))
    }
}

/// Orders the call anew that was not placed in time: after the quiet hours that it is in now, or at once where the order
/// is not old. None: it would come as a surprise.
fn postpone(held: &mut LockedInterview, now: Time) -> Option<Decision> {
    let is_fresh = held.progress.ordered_at.is_some_and(|at| now < at + FRESH);
    let until = match held.quiet_until(now) {
        Some(until) => until,
        None if is_fresh => now,
        None => return None,
    };
    held.row.attempt += 1;
    held.row.status = "pending".to_owned();
    held.progress = Progress {
        postponed: held.progress.postponed + 1,
        ..Progress::default()
    };
    if until > now {
        held.wait_until(QUIET_HOURS, until);
    }
    info!(interview.id = held.row.id, %until, "call was not placed in time and is ordered anew");
    Some(Decision::nothing().schedule(until - now, &dial(held)))
}
