//! Calls that should have a recording and have none: Twilio is asked, since a callback can be lost.

use async_trait::async_trait;
use chrono::Duration;
use events::v1::{RecordingCheck, RecordingListed, RecordingLook};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use tracing::{info, warn};
use twilio_types::RecordingStatus;

use super::Timings;
use super::row;
use super::status::{Seen, follow};
use crate::db;

/// Twilio's lists lag, and a file may still be processed: it is looked at again, this many times.
const LOOKS: u32 = 4;

/// Takes `recording.check`.
pub struct Check;

/// Takes `recording.listed`.
pub struct TakeListed(pub Timings);

#[async_trait]
impl Decider for Check {
    type Event = RecordingCheck;
    const NAME: &'static str = "check";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: RecordingCheck,
    ) -> Result<Decision, HandlerError> {
        let Some(call) = db::call_lock(tx, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        let settled = |row: &db::RecordingRow| {
            row::is_of_call(row) && RecordingStatus::parse(&row.twilio_status).is_terminal()
        };
        let rows = db::recordings_lock(tx, &call.call_sid).await?;
        if rows.iter().any(settled) {
            return Ok(Decision::nothing());
        }
        let conferences = rows.iter().filter_map(|row| {
            let sid = row.metadata.0["conference_sid"].as_str()?;
            Some(sid.to_owned())
        });
        counter!("recordings_overdue_total").increment(1);
        info!(
            call.sid = call.call_sid,
            "nobody has told of the call's recording: Twilio is asked"
        );
        let look = RecordingLook {
            call_sid: call.call_sid.clone(),
            tenant_id: call.tenant_id.clone(),
            account_sid: call.account_sid,
            nth: event.nth,
            conference_sids: conferences.collect(),
        };
        Ok(Decision::nothing().publish(
            OutgoingEvent::new(&look)
                .key(call.call_sid)
                .tenant(call.tenant_id),
        ))
    }
}

#[async_trait]
impl Decider for TakeListed {
    type Event = RecordingListed;
    const NAME: &'static str = "listed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingListed,
    ) -> Result<Decision, HandlerError> {
        let Some(call) = db::call_lock(tx, &event.call_sid).await? else {
            return Ok(Decision::nothing());
        };
        let mut decision = Decision::nothing();
        let mut is_settled = false;
        for item in event.items {
            let status = RecordingStatus::parse(&item.status);
            is_settled |= status.is_terminal() && item.source != row::ANSWER;
            let seen = Seen {
                status,
                call_sid: call.call_sid.clone(),
                account_sid: event.account_sid.clone(),
                recording_sid: item.recording_sid,
                url: String::new(),
                duration_s: item.duration_s,
                error_code: item.error_code,
                source: item.source,
                channels: item.channels,
                started_at: row::time(&item.started_at),
                track: item.track,
                conference_sid: item.conference_sid,
            };
            let followed = follow(tx, cause.time, &self.0, Some(&call), seen).await?;
            decision = decision.merge(followed);
        }
        if is_settled {
            return Ok(decision);
        }
        if event.nth + 1 < LOOKS {
            let check = RecordingCheck {
                call_sid: call.call_sid.clone(),
                nth: event.nth + 1,
            };
            let wait: Duration = self.0.check;
            return Ok(decision.schedule(
                wait,
                OutgoingEvent::new(&check)
                    .id(derive_id(&[
                        "recording.check",
                        &call.call_sid,
                        &check.nth.to_string(),
                    ]))
                    .key(call.call_sid)
                    .tenant(call.tenant_id),
            ));
        }
        counter!("recordings_never_made_total").increment(1);
        warn!(
            call.sid = call.call_sid,
            "a call that was to be recorded has no recording at Twilio"
        );
        Ok(decision)
    }
}
