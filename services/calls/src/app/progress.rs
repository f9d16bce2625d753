//! What becomes of a call: the end of its dial, its states, and the look at Twilio when neither says how it went.

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use events::v1::{CallLookedUp, CallLookup, CallSettle, CallStatus, DialFinished};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;
use tracing::error;

use super::forward::turned_away;
use super::record::{Record, SETTLE_AFTER};
use super::served::{self, PATIENCE};
use super::state::{self, FAILED, MISSED, Verdict};

/// How long two people may talk before we look again.
pub const TALK: Duration = Duration::minutes(5);

/// Takes `dial.finished`.
pub struct FinishDial;

#[async_trait]
impl Decider for FinishDial {
    type Event = DialFinished;
    const NAME: &'static str = "dial-finished";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: DialFinished,
    ) -> Result<Decision, HandlerError> {
        let (Some(tenant), Some(voice), Some(dial)) = (event.tenant, event.voice, event.dial)
        else {
            return Err(HandlerError::Reject(
                "dial.finished without a tenant, parameters or a result".to_owned(),
            ));
        };
        let mut record = Record::open(tx, cause, &tenant, &voice).await?;
        record.line(cause, cause.time, "webhook", json!({
            "what": "the dial ended", "status": dial.status, "bridged": dial.bridged, "duration_s": dial.duration_s,
        }));
        state::take_dial(
            &mut record.row,
            &dial.status,
            dial.bridged,
            dial.duration_s,
            cause.time,
        );
        record.settle();
        Ok(record.save(tx).await?)
    }
}

/// Takes `call.status`.
pub struct FollowStatus;

#[async_trait]
impl Decider for FollowStatus {
    type Event = CallStatus;
    const NAME: &'static str = "status";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallStatus,
    ) -> Result<Decision, HandlerError> {
        let (Some(tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(HandlerError::Reject(
                "call.status without a tenant or parameters".to_owned(),
            ));
        };
        let at = DateTime::parse_from_rfc3339(&event.timestamp)
            .map_or(cause.time, |time| time.with_timezone(&Utc));
        let mut record = Record::open(tx, cause, &tenant, &voice).await?;
        record.line(cause, cause.time, "webhook", json!({
            "what": "the call's state", "status": voice.call_status, "duration_s": event.duration_s,
        }));
        state::take_status(&mut record.row, &voice.call_status, at);
        let row = &mut record.row;
        row.duration_s = event.duration_s.map(i64::from).max(row.duration_s);
        let number = tenant.number.unwrap_or_default();
        row.served |= served::is_app(&number.voice);
        if event.answered_by > row.answered_by {
            row.answered_by = event.answered_by;
        }
        if served::is_served(row) && !state::is_final(&row.status) {
            // Its end is told by a callback, which may be lost.
            record.look_again("call.silent", TALK);
        }
        record.settle();
        Ok(record.save(tx).await?)
    }
}

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
        let Some(mut record) = Record::find(tx, &tenant, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        if record.is_told() {
            return Ok(Decision::nothing());
        }
        if let Some(ended) = record
            .row
            .ended_at
            .filter(|_| served::is_served(&record.row))
        {
            if cause.time >= ended.0 + PATIENCE {
                record.take(served::verdict_by_status(&record.row));
            } else {
                record.settle();
            }
            return Ok(record.save(tx).await?);
        }
        if record.row.elsewhere && !is_twilios(&event.call_sid) {
            // Its own platform tells how it went, or nobody does.
            return Ok(Decision::nothing());
        }
        let up = record.row.dial_status.as_deref().is_some_and(state::was_up);
        if up && record.row.outcome.is_empty() && state::verdict(&record.row) == Verdict::Unknown {
            // The leg was up and nobody pressed 1 within all this time.
            record.take(Verdict::Settled {
                outcome: MISSED,
                reason: "not-accepted".to_owned(),
            });
            return Ok(record.save(tx).await?);
        }
        record.line(
            cause,
            cause.time,
            "event",
            json!({ "what": "no callback said how it went; asking Twilio" }),
        );
        let lookup = CallLookup {
            call_sid: event.call_sid,
            account_sid: record.row.account_sid.clone(),
            tenant: Some(tenant),
        };
        Ok(record.save(tx).await?.then(&lookup))
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
        let Some(mut record) = Record::find(tx, &tenant, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        record.line(
            cause,
            cause.time,
            "event",
            json!({
                "what": "Twilio was asked", "found": event.found, "status": event.status,
                "legs": event.legs.iter().map(|leg| &leg.status).collect::<Vec<_>>(),
            }),
        );
        if !event.found {
            if !record.row.elsewhere {
                unknown_at_twilio(&mut record, cause);
            }
            return Ok(record.save(tx).await?);
        }
        let status = event.status.as_str();
        state::take_status(&mut record.row, status, cause.time);
        record.row.duration_s = event.duration_s.map(i64::from).max(record.row.duration_s);
        let legs_over = event.legs.iter().all(|leg| state::is_final(&leg.status));
        let settled = !record.row.outcome.is_empty() || served::is_served(&record.row);
        if settled && state::is_final(status) {
            record.settle();
        } else if state::is_final(status) && legs_over {
            let turned_away = turned_away(&tenant, record.row.started_at.0);
            record.take(state::verdict_by_legs(
                &record.row,
                &event.legs,
                turned_away,
            ));
        } else {
            let wait = if state::is_final(status) {
                SETTLE_AFTER
            } else {
                TALK
            };
            let settle = CallSettle {
                call_sid: event.call_sid,
                tenant: event.tenant,
            };
            return Ok(record.save(tx).await?.then_after(wait, &settle));
        }
        Ok(record.save(tx).await?)
    }
}

/// Whether this is a CallSid as Twilio gives them. Another platform's ids look as they like.
fn is_twilios(call_sid: &str) -> bool {
    let hex = call_sid.strip_prefix("CA").unwrap_or_default();
    hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Twilio told us of this call, signed, and does not know it when it is asked: it is asked with another account's
/// credentials, or somebody has deleted the call. Nothing is known of how it went, so nobody is texted.
fn unknown_at_twilio(record: &mut Record, cause: &Cause) {
    counter!("calls_unknown_at_twilio_total").increment(1);
    error!(
        call.sid = record.row.call_sid,
        tenant.id = record.row.tenant_id,
        account.sid = record.row.account_sid,
        "Twilio does not know a call that it told us of; are the account's credentials another one's?"
    );
    state::take_status(&mut record.row, FAILED, cause.time);
    record.take(served::failed("unknown-at-twilio"));
}
