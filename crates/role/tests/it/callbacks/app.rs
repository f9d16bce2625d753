//! The deciders.

use async_trait::async_trait;
use events::v1::CallMissed;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use super::db::{self, Callback};

pub struct NoteMissedCall;

#[async_trait]
impl Decider for NoteMissedCall {
    type Event = CallMissed;
    const NAME: &'static str = "note-missed-call";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallMissed,
    ) -> Result<Decision, HandlerError> {
        let Some(call) = event.call else {
            return Err(HandlerError::Reject("a missed call without a call".into()));
        };
        let callback = Callback {
            call_sid: call.call_sid,
            tenant_id: call.tenant_id,
            caller: call.from,
            missed_at: cause.time.into(),
        };
        db::add(tx, &callback).await?;
        Ok(Decision::nothing())
    }
}
