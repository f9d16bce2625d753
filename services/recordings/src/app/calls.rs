//! Calls that are to be recorded.

use async_trait::async_trait;
use clock::Time;
use events::v1::{Call, CallEnded, CallStarted, RecordingCheck};
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use serde_json::json;
use store::types::Json;

use super::Timings;
use super::erase;
use super::row;
use super::status::attach;
use super::transcript::transcribe;
use crate::db::{self, CallRow, Settings};

/// Takes `call.started`.
pub struct OpenCall(pub Timings);

/// Takes `call.ended`.
pub struct EndCall(pub Timings);

#[async_trait]
impl Decider for OpenCall {
    type Event = CallStarted;
    const NAME: &'static str = "call-started";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallStarted,
    ) -> Result<Decision, HandlerError> {
        keep(tx, cause.time, &self.0, event.call, false).await
    }
}

#[async_trait]
impl Decider for EndCall {
    type Event = CallEnded;
    const NAME: &'static str = "call-ended";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallEnded,
    ) -> Result<Decision, HandlerError> {
        keep(tx, cause.time, &self.0, event.call, true).await
    }
}

async fn keep(
    tx: &mut Tx,
    now: Time,
    timings: &Timings,
    call: Option<Call>,
    is_over: bool,
) -> Result<Decision, HandlerError> {
    let Some(call) = call.filter(|call| !call.call_sid.is_empty()) else {
        return Err(HandlerError::Reject("a call without its SID".to_owned()));
    };
    let own = if call.direction == "outbound" {
        &call.from
    } else {
        &call.to
    };
    let wanted = call.recording.unwrap_or_default();
    let settings = Settings {
        enabled: wanted.enabled,
        format: wanted.format,
        retention_days: wanted.retention_days,
        legal_hold: wanted.legal_hold,
        delete_at_twilio: wanted.delete_at_twilio,
        encryption: wanted.encryption,
        kms_key: wanted.kms_key,
        storage_class: wanted.storage_class,
        storage_class_after_days: wanted.storage_class_after_days,
        transcribe: wanted.transcribe,
        transcribe_language: wanted.transcribe_language,
        transcribe_model: wanted.transcribe_model,
    };
    let new = CallRow {
        call_sid: call.call_sid.clone(),
        id: call.id,
        tenant_id: call.tenant_id,
        account_sid: call.account_sid,
        number: own.clone(),
        settings: Json(json!(settings)),
        started_at: row::time(&call.started_at).unwrap_or(now).into(),
        ended_at: is_over.then(|| row::time(&call.ended_at).unwrap_or(now).into()),
    };
    let known = db::call_lock(tx, &new.call_sid).await?;
    if known.is_none() && erase::is_forgotten(tx, &new.call_sid).await? {
        return Ok(Decision::nothing());
    }
    let kept = db::call_put(tx, &new).await?;
    let mut decision = Decision::nothing();
    // Nobody had said how what is stored already is to be kept.
    let was_unsaid = known.is_some_and(|it| it.number.is_empty());
    for mut recording in db::recordings_lock(tx, &kept.call_sid).await? {
        if recording.tenant_id.is_empty() {
            decision = decision.merge(attach(tx, now, timings, &kept, recording).await?);
        } else if let Some(at) = recording.stored_at
            && was_unsaid
            && recording.status == "completed"
        {
            row::keep(&mut recording, &settings, at.0);
            let transcript = transcribe(&mut recording, &settings, now);
            decision = decision.merge(transcript);
            db::recording_save(tx, &recording).await?;
        }
    }
    if is_over && settings.enabled {
        let check = RecordingCheck {
            call_sid: kept.call_sid.clone(),
            nth: 0,
        };
        decision = decision.schedule(
            timings.check,
            OutgoingEvent::new(&check)
                .id(derive_id(&["recording.check", &kept.call_sid]))
                .key(kept.call_sid.clone())
                .tenant(kept.tenant_id),
        );
    }
    Ok(decision)
}
