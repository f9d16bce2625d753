//! Forgetting a candidate, or a caller who was interviewed.

use async_trait::async_trait;
use events::v1::{InterviewsForget, PersonForget, RetentionDue};
use role::erasure::{BATCH, Copies, Forgotten, before, expired};
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db;

/// Takes `person.forget`.
pub struct Forget;

#[async_trait]
impl Decider for Forget {
    type Event = PersonForget;
    const NAME: &'static str = "forget";

    /// A call that goes on hears an apology at its next step: there is no such interview any more.
    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: PersonForget,
    ) -> Result<Decision, HandlerError> {
        let tenant = Some(event.tenant_id.as_str()).filter(|tenant| !tenant.is_empty());
        let erased = db::erase(tx, tenant, &event.number, &event.candidate_id).await?;
        let mut forgotten = Forgotten::new(&event.receipt_id, "interviews");
        forgotten.count("candidates", erased.candidates);
        forgotten.count("interviews", erased.interviews.len());
        for (nth, interview_ids) in erased.interviews.chunks(BATCH).enumerate() {
            let part = cause.derive_id(&format!("interviews {nth}"));
            let command = InterviewsForget {
                receipt_id: event.receipt_id.clone(),
                part: part.clone(),
                interview_ids: interview_ids.to_vec(),
            };
            forgotten.order(&command, [format!("scoring/{part}")]);
        }
        // calls may know them under another number, or not at all.
        let call_sids: Vec<String> = erased.calls.iter().map(|(_, sid)| sid.clone()).collect();
        forgotten.order_calls(cause, &call_sids);
        forgotten.order_copies(cause, Copies::Calls, erased.calls);
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
        let Some(before) = before(&event.interviews_before) else {
            return Ok(Decision::nothing());
        };
        let removed = db::expire(tx, &event.tenant_id, before, BATCH).await?;
        Ok(expired(&event, "interviews", removed))
    }
}
