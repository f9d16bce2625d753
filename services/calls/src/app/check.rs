//! A call of which nothing more was told: Twilio is asked, and where it does not tell either, what was told counts.
//! Nothing stays open for ever.

use async_trait::async_trait;
use chrono::Duration;
use events::v1::{CallLookedUp, CallLookup, CallSettle};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;
use tracing::{error, warn};
use twilio_types::{CallSid, DialCallStatus};

use super::app_handled::{self, PATIENCE};
use super::call_update::{CallUpdate, SETTLE_AFTER, TALK};
use super::forward::missed_reason;
use super::reason::MissedReason;
use super::state;
use super::verdict::Verdict;

/// How long a call may go on of which Twilio does not tell: Twilio ends calls after four hours.
const GIVE_UP: Duration = Duration::minutes(250);
/// How long any call may go on: Twilio's longest limit is a day.
const LONGEST: Duration = Duration::hours(25);
/// How long Twilio may not know a call that it has told of.
const UNKNOWN: Duration = Duration::minutes(2);

/// Takes `call.settle`: the time is up, is the outcome known?
pub struct Settle;

#[async_trait]
impl Decider for Settle {
    type Event = CallSettle;
    const NAME: &'static str = "settle";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallSettle,
    ) -> Result<Decision, HandlerError> {
        let tenant = event.tenant.unwrap_or_default();
        let Some(mut update) = CallUpdate::find(tx, cause, &tenant, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        if update.is_told() {
            return Ok(Decision::nothing());
        }
        let served = app_handled::is_served(&update.row);
        if let Some(ended) = update.row.ended_at.filter(|_| served) {
            if cause.time >= ended.0 + PATIENCE {
                update.apply(app_handled::verdict_by_status(&update.row));
            } else {
                update.settle();
            }
            return Ok(update.save(tx).await?);
        }
        let age = cause.time - update.row.started_at.0;
        let external = update.row.elsewhere && CallSid::parse(&event.call_sid).is_err();
        if age >= LONGEST || (external && age >= GIVE_UP) {
            update.log(
                "event",
                json!({ "what": "nobody told how the call went, and it cannot go on any more" }),
            );
            give_up(&mut update, cause, "not-told");
            return Ok(update.save(tx).await?);
        }
        if external {
            // Its own platform tells how it went, or nobody does.
            update.schedule_check("call.give_up", GIVE_UP - age);
            return Ok(update.save(tx).await?);
        }
        let dial = update.row.dial_status.as_deref().map(DialCallStatus::parse);
        let up = dial.as_ref().is_some_and(state::was_up);
        if up && update.row.outcome.is_empty() && state::verdict(&update.row) == Verdict::Unknown {
            // The leg was up and nobody pressed 1 within all this time.
            update.apply(Verdict::missed(MissedReason::NotAccepted));
            return Ok(update.save(tx).await?);
        }
        update.log(
            "event",
            json!({ "what": "no callback said how it went; asking Twilio" }),
        );
        // The answer may never come.
        update.schedule_check("call.longest", LONGEST - age);
        let lookup = CallLookup {
            call_sid: event.call_sid,
            account_sid: update.row.account_sid.clone(),
            tenant: Some(tenant),
        };
        Ok(update.save(tx).await?.publish(&lookup))
    }
}

/// Takes `call.looked_up`.
pub struct ReadLookup;

#[async_trait]
impl Decider for ReadLookup {
    type Event = CallLookedUp;
    const NAME: &'static str = "looked-up";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallLookedUp,
    ) -> Result<Decision, HandlerError> {
        let tenant = event.tenant.clone().unwrap_or_default();
        let Some(mut update) = CallUpdate::find(tx, cause, &tenant, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        update.log(
            "event",
            json!({
                "what": "Twilio was asked", "found": event.found, "status": event.status,
                "legs": event.legs.iter().map(|leg| &leg.status).collect::<Vec<_>>(),
                "code": Some(event.code).filter(|code| *code != 0),
            }),
        );
        if !event.found {
            return without_books(tx, cause, update, &event).await;
        }
        let status = event.status.as_str();
        state::take_status(&mut update.row, status, cause.time);
        update.row.duration_s = event.duration_s.map(i64::from).max(update.row.duration_s);
        let legs_over = event.legs.iter().all(|leg| state::is_final(&leg.status));
        let settled = !update.row.outcome.is_empty() || app_handled::is_served(&update.row);
        if settled && state::is_final(status) {
            update.settle();
        } else if state::is_final(status) && legs_over {
            let not_dialled = missed_reason(&tenant, update.row.started_at.0);
            update.apply(state::verdict_by_legs(
                &update.row,
                &event.legs,
                not_dialled,
            ));
        } else {
            let wait = if state::is_final(status) {
                SETTLE_AFTER
            } else {
                TALK
            };
            return again(tx, update, &event, wait).await;
        }
        Ok(update.save(tx).await?)
    }
}

/// Looks again after some time.
async fn again(
    tx: &mut Tx,
    update: CallUpdate,
    event: &CallLookedUp,
    wait: Duration,
) -> Result<Decision, HandlerError> {
    let settle = CallSettle {
        call_sid: event.call_sid.clone(),
        tenant: event.tenant.clone(),
    };
    Ok(update.save(tx).await?.schedule(wait, &settle))
}

/// Twilio does not know the call, or refuses to tell: what it has told before, signed, is the best witness.
async fn without_books(
    tx: &mut Tx,
    cause: &Cause,
    mut update: CallUpdate,
    event: &CallLookedUp,
) -> Result<Decision, HandlerError> {
    if update.is_told() || update.row.elsewhere {
        return Ok(update.save(tx).await?);
    }
    let refused = event.code != 0;
    let age = cause.time - update.row.started_at.0;
    match state::verdict_by_word(&update.row) {
        verdict @ Verdict::Settled { .. } => update.apply(verdict),
        // It may be told yet, or the credentials be mended.
        _ if refused && age < GIVE_UP => {
            warn!(
                call.sid = update.row.call_sid,
                tenant.id = update.row.tenant_id,
                account.sid = update.row.account_sid,
                code = event.code,
                "Twilio refuses to tell how a call went; it is asked again"
            );
            return again(tx, update, event, TALK).await;
        }
        _ if refused => give_up(&mut update, cause, "not-told"),
        _ if age < UNKNOWN => return again(tx, update, event, UNKNOWN).await,
        _ => {
            counter!("calls_unknown_at_twilio_total").increment(1);
            error!(
                call.sid = update.row.call_sid,
                tenant.id = update.row.tenant_id,
                account.sid = update.row.account_sid,
                "Twilio does not know a call that it told us of; are the account's credentials another one's?"
            );
            give_up(&mut update, cause, "unknown-at-twilio");
        }
    }
    Ok(update.save(tx).await?)
}

/// Nothing is known of how the call went, so nobody is texted; unless what was told says it after all.
fn give_up(update: &mut CallUpdate, cause: &Cause, reason: &'static str) {
    let told = state::verdict_by_word(&update.row);
    if !state::is_final(&update.row.status) {
        state::take_status(&mut update.row, "failed", cause.time);
    }
    update.apply(match told {
        Verdict::Settled { .. } => told,
        _ => Verdict::failed(reason),
    });
}
