//! Forgetting a customer.

use async_trait::async_trait;
use events::v1::{MediaErase, PersonForget, RetentionDue};
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
        let mut forgotten = Forgotten::new(&event.receipt_id, "dispatch");
        for (table, count) in erased.rows {
            forgotten.count(table, count);
        }
        forgotten.order_copies(cause, Copies::Messages, erased.at_twilio);
        for (nth, keys) in erased.objects.chunks(BATCH).enumerate() {
            let part = format!("dispatch/{}", cause.derive_id(&format!("media {nth}")));
            let command = MediaErase {
                receipt_id: event.receipt_id.clone(),
                part: part.clone(),
                keys: keys.to_vec(),
            };
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
        let Some(before) = before(&event.conversations_before) else {
            return Ok(Decision::nothing());
        };
        let (removed, objects) = db::expire(tx, &event.tenant_id, before, BATCH).await?;
        let mut decision = expired(&event, "conversations", removed);
        for keys in objects.chunks(BATCH) {
            let command = MediaErase {
                keys: keys.to_vec(),
                ..MediaErase::default()
            };
            decision = decision.publish(&command);
        }
        Ok(decision)
    }
}
