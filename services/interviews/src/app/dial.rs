//! Calling a candidate, and calling again.

use async_trait::async_trait;
use chrono::Duration;
use events::v1::{CallPlace, CallPlaced, CallRefused, InterviewDial};
use flow::{OnMachine, Progress};
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use tracing::info;

use super::follow::follow;
use super::held::Held;
use super::milestones::{end, settle};
use super::{Desk, speech};
use crate::db;

/// Nobody is called by an order that is older than this: it would come as a surprise.
const FRESH: Duration = Duration::hours(1);
/// The longest call that Twilio allows.
const LONGEST_CALL: Duration = Duration::hours(4);

/// Takes `interview.dial`.
pub struct Dial(pub Desk);

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
        let Some(mut held) = Held::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if held.row.status != "pending" || held.row.attempt != i64::from(event.attempt) {
            return Ok(Decision::nothing());
        }
        let quiet = held.definition.quiet_hours;
        if let Some(until) = quiet.and_then(|hours| hours.end(cause.time, &held.settings.timezone))
        {
            info!(interview = held.row.id, %until, "these are the candidate's quiet hours; he is called after them");
            return Ok(Decision::nothing().then_after(until - cause.time, &event));
        }
        held.row.status = "calling".to_owned();
        // While it rings, what is sure to be said is spoken into files.
        let lines = held.definition.fixed_lines(&held.row.language);
        let spoken = speech::prepare(&self.0, tx, cause, &held, &lines).await?;
        let decision = spoken
            .then(&self.place(&held, cause))
            .and(silence(&self.0, &held));
        held.save(tx).await?;
        Ok(decision)
    }
}

impl Dial {
    fn place(&self, held: &Held, cause: &Cause) -> CallPlace {
        let (row, flow) = (&held.row, &held.definition);
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
            url: format!("{}#rc=3&rp=5xx,ct,rt", url("/start-interview")),
            status_callback: format!("{}#rc=3&rp=5xx,ct,rt", url("/api/webhooks/call-status/")),
            ring_s: flow.ring_s,
            time_limit_s: flow.max_call_s,
            machine_detection: machine_detection.to_owned(),
            expires_at: (cause.time + FRESH).to_rfc3339(),
            purpose: "interview".to_owned(),
            interview_id: row.id.clone(),
        }
    }
}

/// Names the call that is made for an attempt.
fn place_id(held: &Held) -> String {
    derive_id(&["call.place", &held.row.id, &held.row.attempt.to_string()])
}

/// When nobody has told how the call went, it went wrong.
pub fn silence(desk: &Desk, held: &Held) -> Decision {
    let longest = match held.definition.max_call_s {
        0 => LONGEST_CALL,
        limit => Duration::seconds(i64::from(limit)),
    };
    Decision::nothing().then_after(longest + desk.timings.silence, &settle(held, "silence"))
}

/// Whether this call was ordered last, and nothing of it is known yet.
fn is_awaited(held: &Held, place: &str) -> bool {
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
        let Some(mut held) = Held::by_id(tx, &event.interview_id).await? else {
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
pub struct Refused(pub Desk);

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
        let Some(mut held) = Held::by_id(tx, &event.interview_id).await? else {
            return Ok(Decision::nothing());
        };
        if !is_awaited(&held, &event.place_id) {
            return Ok(Decision::nothing());
        }
        let reason = match event.code {
            0 => event.reason,
            code => format!("{} (Twilio {code})", event.reason),
        };
        let ended = end(&self.0, cause, &mut held, "failed", reason);
        // There will be no answers, and so no results to wait for.
        let step = held.machine(cause.time).summed_up(None, false);
        Ok(ended.and(follow(&self.0, tx, cause, held, step).await?))
    }
}

/// Whether a call that failed so is made again.
pub fn may_retry(held: &Held, reason: &str) -> bool {
    let retry = &held.definition.retry;
    let word = reason.split(' ').next().unwrap_or_default();
    held.row.direction == "outbound"
        && held.row.attempt < i64::from(retry.attempts)
        && retry.on.iter().any(|on| on == word)
}

/// Makes it anew, and has it called after a while.
pub fn again(held: &mut Held) -> Decision {
    held.row.attempt += 1;
    held.row.status = "pending".to_owned();
    held.row.call_sid = None;
    held.row.started_at = None;
    held.progress = Progress::default();
    held.row.waiting = None;
    let dial = InterviewDial {
        interview_id: held.row.id.clone(),
        attempt: held.attempt(),
    };
    info!(
        interview = held.row.id,
        attempt = held.row.attempt,
        "a call failed; it is made again later"
    );
    let after = Duration::seconds(i64::from(held.definition.retry.after_s));
    Decision::nothing().then_after(after, &dial)
}
