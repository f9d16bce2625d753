//! What becomes of a call: the end of its dial, its states, and the look at Twilio when neither says how it went.

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use events::v1::{CallLookedUp, CallLookup, CallSettle, CallStatus, DialFinished};
use role::{Cause, Decider, Decision, Fault, Tx};
use serde_json::json;

use super::forward::turned_away;
use super::record::{Record, SETTLE_AFTER};
use super::state::{self, MISSED, Verdict};

/// How long two people may talk before we look again.
const TALK: Duration = Duration::minutes(5);

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
    ) -> Result<Decision, Fault> {
        let (Some(tenant), Some(voice), Some(dial)) = (event.tenant, event.voice, event.dial)
        else {
            return Err(Fault::Never(
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
    ) -> Result<Decision, Fault> {
        let (Some(tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(Fault::Never(
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
        record.row.duration_s = event.duration_s.map(i64::from).max(record.row.duration_s);
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
    ) -> Result<Decision, Fault> {
        let tenant = event.tenant.unwrap_or_default();
        let Some(mut record) = Record::find(tx, &tenant, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        if record.is_told() {
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
    ) -> Result<Decision, Fault> {
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
        // A call that Twilio does not know never came about there.
        let status = if event.found {
            event.status.as_str()
        } else {
            "failed"
        };
        state::take_status(&mut record.row, status, cause.time);
        record.row.duration_s = event.duration_s.map(i64::from).max(record.row.duration_s);
        let legs_over = event.legs.iter().all(|leg| state::is_final(&leg.status));
        if !record.row.outcome.is_empty() && state::is_final(status) {
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
