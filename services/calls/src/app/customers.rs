//! What is known of customers, so that callers are promised no text that will not be sent.

use async_trait::async_trait;
use events::v1::OptOutChanged;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db::customers;

/// Takes `opt_out.changed`.
pub struct LogOptOut;

#[async_trait]
impl Decider for LogOptOut {
    type Event = OptOutChanged;
    const NAME: &'static str = "opt-outs";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: OptOutChanged,
    ) -> Result<Decision, HandlerError> {
        let customer = (event.tenant_id.as_str(), event.customer.as_str());
        customers::opt_out(tx, customer, event.opted_out, cause.time).await?;
        Ok(Decision::nothing())
    }
}
