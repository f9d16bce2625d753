//! Holding a call's recording while a card number is said, and going on with it.

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller};
use events::v1::{RecordingPause, RecordingResume};
use events::{Envelope, Event};

use schemars::JsonSchema;
use serde::Serialize;

use super::state::State;
use crate::app::row;
use crate::db::{self, CallRow};

/// What was ordered. It is done a moment later; the recording's `metadata.gaps` tells.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Ordered {
    call_sid: String,
    /// Null: whichever recording is going on.
    recording_sid: Option<String>,
    /// `pausing` or `resuming`.
    status: &'static str,
}

pub(super) async fn pause(
    state: web::Data<State>,
    caller: Caller,
    call: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (call, recording_sid) = live(&state, &caller, &call).await?;
    let command = RecordingPause {
        call_sid: call.call_sid.clone(),
        tenant_id: call.tenant_id.clone(),
        account_sid: call.account_sid.clone(),
        recording_sid: recording_sid.clone(),
    };
    order(&state, &call, &command).await?;
    Ok(accepted(call, recording_sid, "pausing"))
}

pub(super) async fn resume(
    state: web::Data<State>,
    caller: Caller,
    call: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let (call, recording_sid) = live(&state, &caller, &call).await?;
    let command = RecordingResume {
        call_sid: call.call_sid.clone(),
        tenant_id: call.tenant_id.clone(),
        account_sid: call.account_sid.clone(),
        recording_sid: recording_sid.clone(),
    };
    order(&state, &call, &command).await?;
    Ok(accepted(call, recording_sid, "resuming"))
}

/// A call that is going on and recorded, and its recording's SID where Twilio has told of it.
async fn live(state: &State, caller: &Caller, id: &str) -> Result<(CallRow, String), ApiError> {
    let mut tx = state.store.read().await?;
    let call = db::call_find(&mut tx, id).await?;
    let call = call
        .filter(|call| caller.may_see(&call.tenant_id))
        .ok_or_else(|| ApiError::not_found("call"))?;
    let rows = db::recording_list(&mut tx, &call.call_sid).await?;
    let is_live = |it: &&db::RecordingRow| {
        row::is_of_call(it) && matches!(it.twilio_status.as_str(), "in-progress" | "paused")
    };
    let sid = rows.iter().find(is_live).map(|it| it.recording_sid.clone());
    if call.ended_at.is_some() || (sid.is_none() && !row::settings(Some(&call)).enabled) {
        return Err(ApiError::conflict(
            "not_recorded",
            "the call is over, or it is not recorded: there is nothing to hold",
        ));
    }
    Ok((call, sid.unwrap_or_default()))
}

async fn order<E: Event>(state: &State, call: &CallRow, command: &E) -> Result<(), ApiError> {
    let now = state.clock.now();
    let mut envelope = Envelope::at("trunkline/recordings", state.clock.id(), now, command)
        .tenant(&call.tenant_id)
        .key(&call.call_sid);
    envelope.traceparent = telemetry::traceparent();
    let leaving = vec![envelope];
    let mut tx = state.store.begin().await?;
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    Ok(())
}

fn accepted(call: CallRow, recording_sid: String, status: &'static str) -> HttpResponse {
    HttpResponse::Accepted().json(Ordered {
        call_sid: call.call_sid,
        recording_sid: Some(recording_sid).filter(|sid| !sid.is_empty()),
        status,
    })
}
