//! Forgetting a person: the calls, and what others keep of them.

use async_trait::async_trait;
use events::v1::{PersonForget, RetentionDue};
use role::erasure::{BATCH, Copies, Forgotten, before, expired};
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db;

/// Takes `person.forget`.
pub struct Forget;

#[async_trait]
impl Decider for Forget {
    type Event = PersonForget;
    const NAME: &'static str = "forget";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: PersonForget,
    ) -> Result<Decision, HandlerError> {
        let tenant = Some(event.tenant_id.as_str()).filter(|tenant| !tenant.is_empty());
        let erased = db::erase(tx, tenant, &event.number).await?;
        let mut forgotten = Forgotten::new(&event.receipt_id, "calls");
        forgotten.count("calls", erased.calls.len());
        forgotten.count("timeline_lines", erased.lines);
        forgotten.count("recordings_of_calls", erased.recordings);
        forgotten.count("customers", erased.customers);
        let call_sids: Vec<String> = erased.calls.iter().map(|it| it.call_sid.clone()).collect();
        forgotten.order_calls(cause, &call_sids);
        let at_twilio = erased.calls.into_iter().filter(|call| call.is_at_twilio);
        let copies = at_twilio.map(|call| (call.account_sid, call.call_sid));
        forgotten.order_copies(cause, Copies::Calls, copies);
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
        let Some(before) = before(&event.calls_before) else {
            return Ok(Decision::nothing());
        };
        let removed = db::expire(tx, &event.tenant_id, before, BATCH).await?;
        Ok(expired(&event, "calls", removed))
    }
}
