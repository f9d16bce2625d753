//! Adding up what AI has cost.

use async_trait::async_trait;
use events::v1::AiSpent;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::spend::{SpendGuard, limited};

/// Takes `ai.spent`.
pub(crate) struct AddUp(pub SpendGuard);

#[async_trait]
impl Decider for AddUp {
    type Event = AiSpent;
    const NAME: &'static str = "spending";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AiSpent,
    ) -> Result<Decision, HandlerError> {
        let AiSpent {
            tenant_id,
            cost_micro_usd,
        } = event;
        let reached = self
            .0
            .add_ai(tx, &tenant_id, cost_micro_usd, &cause.id, cause.time)
            .await?;
        Ok(match reached {
            Some(spent) => Decision::nothing().publish(limited(&spent)),
            None => Decision::nothing(),
        })
    }
}
