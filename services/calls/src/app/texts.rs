//! The texts that follow a call, in its timeline.

use async_trait::async_trait;
use events::v1::{MessageRefused, MessageSent};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};

use super::record::Record;

/// Takes `message.sent`.
pub struct NoteSent;

/// Takes `message.refused`.
pub struct NoteRefused;

#[async_trait]
impl Decider for NoteSent {
    type Event = MessageSent;
    const NAME: &'static str = "message-sent";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageSent,
    ) -> Result<Decision, HandlerError> {
        let detail = json!({
            "what": "a text was sent", "purpose": event.purpose, "message_sid": event.message_sid,
            "segments": event.segments, "reconciled": event.reconciled,
        });
        note(tx, cause, &event.conversation_id, detail).await
    }
}

#[async_trait]
impl Decider for NoteRefused {
    type Event = MessageRefused;
    const NAME: &'static str = "message-refused";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageRefused,
    ) -> Result<Decision, HandlerError> {
        let detail = json!({
            "what": "a text was refused", "purpose": event.purpose, "reason": event.reason, "code": event.code,
        });
        note(tx, cause, &event.conversation_id, detail).await
    }
}

/// Messages are keyed by the CallSid of the call that they follow.
async fn note(
    tx: &mut Tx,
    cause: &Cause,
    conversation: &str,
    detail: Value,
) -> Result<Decision, HandlerError> {
    let Some(call_sid) = cause.key.as_deref() else {
        return Ok(Decision::nothing());
    };
    let Some(mut record) = Record::find(tx, &Default::default(), call_sid).await? else {
        return Ok(Decision::nothing());
    };
    record.line(cause, cause.time, "effect", detail);
    let thread = Some(conversation.to_owned()).filter(|id| !id.is_empty());
    record.row.conversation_id = thread.or(record.row.conversation_id);
    Ok(record.save(tx).await?)
}
