//! Forgetting the streams of a person's calls.

use async_trait::async_trait;
use events::v1::{CallsForget, RetentionDue};
use role::erasure::{Forgotten, before};
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db;

/// Takes `calls.forget`.
pub struct Forget;

#[async_trait]
impl Decider for Forget {
    type Event = CallsForget;
    const NAME: &'static str = "forget";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallsForget,
    ) -> Result<Decision, HandlerError> {
        let removed = db::sessions_remove(tx, &event.call_sids).await?;
        let mut forgotten = Forgotten::new(&event.receipt_id, format!("streams/{}", event.part));
        forgotten.count("stream_sessions", removed);
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
        if let Some(before) = before(&event.calls_before) {
            db::sessions_expire(tx, &event.tenant_id, before).await?;
        }
        Ok(Decision::nothing())
    }
}
