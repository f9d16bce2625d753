//! Remembering who does not want to be texted.

use async_trait::async_trait;
use events::v1::OptOutChanged;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db::opt_outs;

/// Keeps what customers want, by the time at which they said so.
pub(crate) struct OptOuts;

#[async_trait]
impl Decider for OptOuts {
    type Event = OptOutChanged;
    const NAME: &'static str = "opt-outs";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: OptOutChanged,
    ) -> Result<Decision, HandlerError> {
        opt_outs::set(
            tx,
            &event.tenant_id,
            &event.customer,
            event.opted_out,
            cause.time,
        )
        .await?;
        Ok(Decision::nothing())
    }
}
