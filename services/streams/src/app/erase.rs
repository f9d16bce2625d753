//! Forgetting the streams of a person's calls, with the inputs that were kept to run them again.

use async_trait::async_trait;
use events::v1::{CallsForget, RecordingErase, RetentionDue};
use role::erasure::{Forgotten, before};
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx};

use crate::db::{self, Kept};

/// Takes `calls.forget`.
pub struct Forget;

#[async_trait]
impl Decider for Forget {
    type Event = CallsForget;
    const NAME: &'static str = "forget";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallsForget,
    ) -> Result<Decision, HandlerError> {
        let kept = db::inputs_of_calls(tx, &event.call_sids).await?;
        let removed = db::sessions_remove(tx, &event.call_sids).await?;
        let mut forgotten = Forgotten::new(&event.receipt_id, format!("streams/{}", event.part));
        forgotten.count("stream_sessions", removed);
        for kept in kept {
            let part = format!("inputs/{}", cause.derive_id(&kept.0));
            let mut command = erase(kept);
            command.receipt_id.clone_from(&event.receipt_id);
            command.part.clone_from(&part);
            forgotten.order(&command, [part]);
        }
        Ok(forgotten.decision())
    }
}

/// Takes `retention.due`.
pub struct Expire;

#[async_trait]
impl Decider for Expire {
    type Event = RetentionDue;
    const NAME: &'static str = "expire";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: RetentionDue,
    ) -> Result<Decision, HandlerError> {
        let mut decision = Decision::nothing();
        if let Some(before) = before(&event.calls_before) {
            for kept in db::sessions_expire(tx, &event.tenant_id, before).await? {
                let key = kept.0.clone();
                decision = decision.publish(OutgoingEvent::new(&erase(kept)).key(key));
            }
        }
        Ok(decision)
    }
}

/// recordings removes objects for whoever has decided that they go.
fn erase((session, key): Kept) -> RecordingErase {
    RecordingErase {
        recording_id: session,
        keys: vec![key],
        ..RecordingErase::default()
    }
}
