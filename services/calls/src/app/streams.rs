//! What happens to a call on a media stream: when it began, how long each turn took, why it ended.

use async_trait::async_trait;
use events::v1::{StreamEnded, StreamStarted, TenantContext, TurnTaken, VoiceParameters};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};

use super::call_update::CallUpdate;
use crate::db::{self, TurnRow};

/// Takes `stream.started`.
pub struct LogStreamStarted;

/// Takes `turn.taken`.
pub struct LogTurn;

/// Takes `stream.ended`.
pub struct LogStreamEnded;

#[async_trait]
impl Decider for LogStreamStarted {
    type Event = StreamStarted;
    const NAME: &'static str = "stream-started";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: StreamStarted,
    ) -> Result<Decision, HandlerError> {
        let detail = json!({
            "what": "a stream began", "session_id": event.session_id, "stream_sid": event.stream_sid,
            "engine": event.engine, "app": event.app,
        });
        let call = (event.call_sid.as_str(), event.voice);
        let tenant = TenantContext {
            recording: event.recording,
            ..tenant(&event.tenant_id, &event.account_sid)
        };
        log(tx, cause, call, &tenant, detail, None).await
    }
}

#[async_trait]
impl Decider for LogTurn {
    type Event = TurnTaken;
    const NAME: &'static str = "turn-taken";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TurnTaken,
    ) -> Result<Decision, HandlerError> {
        let detail = json!({
            "what": "a turn was taken", "session_id": event.session_id, "turn": event.turn,
            "hangover_ms": event.hangover_ms, "transcription_ms": event.transcription_ms,
            "decision_ms": event.decision_ms, "speech_ms": event.speech_ms, "response_ms": event.response_ms,
            "heard_ms": event.heard_ms, "interrupted": event.interrupted,
            "budget_ms": {"transcription": 350, "decision": 375, "speech": 100, "response": 1115},
        });
        let row = TurnRow {
            id: format!("{}.{}", event.session_id, event.turn),
            call_sid: event.call_sid.clone(),
            at: cause.time.into(),
            transcription_ms: event.transcription_ms.map(i64::from),
            decision_ms: event.decision_ms.map(i64::from),
            speech_ms: event.speech_ms.map(i64::from),
            response_ms: event.response_ms.map(i64::from),
            interrupted: event.interrupted,
        };
        let call = (event.call_sid.as_str(), event.voice);
        let tenant = tenant(&event.tenant_id, &event.account_sid);
        log(tx, cause, call, &tenant, detail, Some(&row)).await
    }
}

#[async_trait]
impl Decider for LogStreamEnded {
    type Event = StreamEnded;
    const NAME: &'static str = "stream-ended";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: StreamEnded,
    ) -> Result<Decision, HandlerError> {
        let result: Value = serde_json::from_str(&event.result).unwrap_or_default();
        let detail = json!({
            "what": "the stream ended", "session_id": event.session_id, "reason": event.reason,
            "duration_ms": event.duration_ms, "turns": event.turns, "malformed": event.malformed, "result": result,
        });
        let call = (event.call_sid.as_str(), event.voice);
        let tenant = tenant(&event.tenant_id, &event.account_sid);
        log(tx, cause, call, &tenant, detail, None).await
    }
}

/// Puts a line on the call's timeline. The call's own webhooks say what is said of the call again, and they count.
async fn log(
    tx: &mut Tx,
    cause: &Cause,
    (call_sid, voice): (&str, Option<VoiceParameters>),
    tenant: &TenantContext,
    detail: Value,
    turn: Option<&TurnRow>,
) -> Result<Decision, HandlerError> {
    let mut voice = voice.unwrap_or_default();
    call_sid.clone_into(&mut voice.call_sid);
    "in-progress".clone_into(&mut voice.call_status);
    let mut update = CallUpdate::open_by_stream(tx, cause, tenant, &voice).await?;
    // The call has its row from here on, and what is saved is written last.
    if let Some(turn) = turn {
        db::turn_insert(tx, turn).await?;
    }
    update.log("event", detail);
    Ok(update.save(tx).await?)
}

/// What a stream's events know of the tenant.
fn tenant(tenant_id: &str, account_sid: &str) -> TenantContext {
    TenantContext {
        tenant_id: tenant_id.to_owned(),
        account_sid: account_sid.to_owned(),
        ..TenantContext::default()
    }
}
