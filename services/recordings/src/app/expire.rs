//! Retention: a recording whose time is over is deleted, unless the tenant wants it otherwise by now.

use async_trait::async_trait;
use chrono::Duration;
use events::v1::{RecordingDelete, RecordingExpire};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx};
use tracing::info;

use super::{erase, removal, row};
use crate::db;

/// How long a recording under legal hold is left alone before it is looked at again.
const HELD: Duration = Duration::days(1);

/// Takes `recording.expire`.
pub struct Expire;

#[async_trait]
impl Decider for Expire {
    type Event = RecordingExpire;
    const NAME: &'static str = "expire";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingExpire,
    ) -> Result<Decision, HandlerError> {
        let Some(mut row) = db::recording_lock(tx, &event.recording_id).await? else {
            return Ok(Decision::nothing());
        };
        let is_due = row.delete_at.is_some_and(|at| at.0 <= cause.time);
        if is_due && row::awaits_the_end_of_the_hold(&row) {
            if !event.legal_hold {
                return erase::after_hold(tx, row, cause.time).await;
            }
            row.delete_at = Some((cause.time + HELD).into());
            db::recording_save(tx, &row).await?;
            return Ok(Decision::nothing());
        }
        let (true, Some(stored_at)) = (is_due, row.stored_at) else {
            return Ok(Decision::nothing());
        };
        if row.status != "completed" {
            row.delete_at = None;
            db::recording_save(tx, &row).await?;
            return Ok(Decision::nothing());
        }
        // The tenant may keep its recordings for longer by now, or for good.
        let until = match event.retention_days {
            None => row.delete_at.map(|at| at.0),
            Some(0) => None,
            Some(days) => Some(stored_at.0 + Duration::days(i64::from(days))),
        };
        let until = match until {
            Some(until) if until <= cause.time && event.legal_hold => Some(cause.time + HELD),
            until => until,
        };
        if until.is_none_or(|until| until > cause.time) {
            row.delete_at = until.map(Into::into);
            db::recording_save(tx, &row).await?;
            return Ok(Decision::nothing());
        }
        let (erase, deleted) = removal::delete(&mut row, cause.time, "retention");
        db::recording_save(tx, &row).await?;
        counter!("recordings_deleted_total", "by" => "retention").increment(1);
        info!(recording.id = row.id, "recording deleted: its time is over");
        let decision = removal::decision(&row, &erase, &deleted);
        if !event.delete_at_twilio || row.recording_sid.is_empty() {
            return Ok(decision);
        }
        let command = RecordingDelete {
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            account_sid: row.account_sid.clone(),
            recording_sid: row.recording_sid.clone(),
        };
        Ok(decision.publish(
            OutgoingEvent::new(&command)
                .key(row.call_sid)
                .tenant(row.tenant_id),
        ))
    }
}
