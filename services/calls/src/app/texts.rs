//! The texts that follow a call, in its timeline; and why there is none.

use async_trait::async_trait;
use events::v1::{MessageFailed, MessageRefused, MessageSent};
use phone::Address;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Value, json};

use super::call_update::CallUpdate;
use crate::db::{self, customers};

/// The purpose of the text that answers a missed call.
const TEXT_BACK: &str = "text_back";
/// Twilio's codes for numbers that take no texts: not a number, a landline, a carrier that cannot be reached.
const UNREACHABLE: [u32; 3] = [21211, 21614, 30006];

/// Takes `message.sent`.
pub struct LogMessageSent;

/// Takes `message.refused`.
pub struct LogMessageRefused;

/// Takes `message.failed`.
pub struct LogMessageFailed;

#[async_trait]
impl Decider for LogMessageSent {
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
            "segments": event.segments, "reconciled": event.reconciled, "repeated": event.repeated,
        });
        let Some(update) = log(tx, cause, &event.conversation_id, detail).await? else {
            return Ok(Decision::nothing());
        };
        if event.purpose == TEXT_BACK
            && let Some(caller) = Address::parse(&update.row.from_address).as_e164()
        {
            let customer = (update.row.tenant_id.as_str(), caller.as_str());
            customers::texted(tx, customer, cause.time).await?;
        }
        Ok(update.save(tx).await?)
    }
}

#[async_trait]
impl Decider for LogMessageRefused {
    type Event = MessageRefused;
    const NAME: &'static str = "message-refused";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageRefused,
    ) -> Result<Decision, HandlerError> {
        if UNREACHABLE.contains(&event.code) {
            customers::unreachable(tx, (&event.tenant_id, &event.to)).await?;
        }
        let detail = json!({
            "what": if event.code == 0 { "no text is sent" } else { "a text was refused" }, "purpose": event.purpose, "reason": event.reason, "code": event.code,
            "error": Some(&event.message).filter(|it| !it.is_empty()),
        });
        match log(tx, cause, &event.conversation_id, detail).await? {
            Some(update) => Ok(update.save(tx).await?),
            None => Ok(Decision::nothing()),
        }
    }
}

#[async_trait]
impl Decider for LogMessageFailed {
    type Event = MessageFailed;
    const NAME: &'static str = "message-failed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageFailed,
    ) -> Result<Decision, HandlerError> {
        if UNREACHABLE.contains(&event.code) {
            customers::unreachable(tx, (&event.tenant_id, &event.to)).await?;
        }
        let detail = json!({
            "what": "a text did not arrive", "purpose": event.purpose, "message_sid": event.message_sid,
            "status": event.status, "code": event.code,
            "error": Some(&event.message).filter(|it| !it.is_empty()),
        });
        let Some(call) = db::call_find(tx, &event.call_id).await? else {
            return Ok(Decision::nothing());
        };
        match log_for(tx, cause, &call.call_sid, &event.conversation_id, detail).await? {
            Some(update) => Ok(update.save(tx).await?),
            None => Ok(Decision::nothing()),
        }
    }
}

/// Messages are keyed by the CallSid of the call that they follow. None: it follows no call that is known.
async fn log(
    tx: &mut Tx,
    cause: &Cause,
    conversation: &str,
    detail: Value,
) -> Result<Option<CallUpdate>, HandlerError> {
    match cause.key.as_deref() {
        Some(call_sid) => log_for(tx, cause, call_sid, conversation, detail).await,
        None => Ok(None),
    }
}

async fn log_for(
    tx: &mut Tx,
    cause: &Cause,
    call_sid: &str,
    conversation: &str,
    detail: Value,
) -> Result<Option<CallUpdate>, HandlerError> {
    let Some(mut update) = CallUpdate::find(tx, cause, &Default::default(), call_sid).await? else {
        return Ok(None);
    };
    update.log("effect", detail);
    let thread = Some(conversation.to_owned()).filter(|id| !id.is_empty());
    update.row.conversation_id = thread.or(update.row.conversation_id);
    Ok(Some(update))
}
