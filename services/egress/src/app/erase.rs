//! Forgetting a customer: the list of opt-outs knows a pseudonym from now on, so that the person is not texted again.

use async_trait::async_trait;
use encryption::Sealer;
use events::v1::PersonForget;
use role::erasure::Forgotten;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db::opt_outs;

/// Takes `person.forget`. The ledger has no numbers but redacted ones: it forgets by itself.
pub(crate) struct Forget(pub Sealer);

#[async_trait]
impl Decider for Forget {
    type Event = PersonForget;
    const NAME: &'static str = "forget-person";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: PersonForget,
    ) -> Result<Decision, HandlerError> {
        let tenant = Some(event.tenant_id.as_str()).filter(|tenant| !tenant.is_empty());
        let pseudonym = self.0.pseudonym(&event.number);
        let renamed = opt_outs::forget(tx, tenant, &event.number, &pseudonym).await?;
        let mut forgotten = Forgotten::new(&event.receipt_id, "egress");
        forgotten.count("opt_outs_by_number", renamed);
        Ok(forgotten.decision())
    }
}
