//! What becomes of a call: the end of its dial, and its states.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use events::v1::{CallStatus, DialFinished};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;

use super::app_handled;
use super::call_update::{CallUpdate, TALK};
use super::state;

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
        let mut update = CallUpdate::open(tx, cause, &tenant, &voice).await?;
        update.log("webhook", json!({
            "what": "the dial ended", "status": dial.status, "bridged": dial.bridged, "duration_s": dial.duration_s,
            "code": dial.error_code, "error": word(&dial.error_message), "sip_code": dial.sip_response_code,
        }));
        update.dialled(&tenant);
        state::take_dial(
            &mut update.row,
            &dial.status,
            dial.bridged,
            dial.duration_s,
            cause.time,
        );
        let (code, sip_code) = (dial.error_code, dial.sip_response_code);
        state::take_error(&mut update.row, code, &dial.error_message, sip_code);
        update.settle();
        Ok(update.save(tx).await?)
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
        let mut update = CallUpdate::open(tx, cause, &tenant, &voice).await?;
        update.log("webhook", json!({
            "what": "the call's state", "status": voice.call_status, "duration_s": event.duration_s,
            "code": event.error_code, "error": word(&event.error_message), "sip_code": event.sip_response_code,
        }));
        state::take_status(&mut update.row, &voice.call_status, at);
        let row = &mut update.row;
        let (code, sip_code) = (event.error_code, event.sip_response_code);
        state::take_error(row, code, &event.error_message, sip_code);
        row.duration_s = event.duration_s.map(i64::from).max(row.duration_s);
        let number = tenant.number.unwrap_or_default();
        row.served |= app_handled::is_app(&number.voice);
        if event.answered_by > row.answered_by {
            row.answered_by = event.answered_by;
        }
        if app_handled::is_served(row) && !state::is_final(&row.status) {
            // Twilio's status callback may never arrive.
            update.schedule_check("call.silent", TALK);
        }
        update.settle();
        Ok(update.save(tx).await?)
    }
}

/// None in place of an empty text.
fn word(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
