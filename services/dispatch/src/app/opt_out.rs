//! Who wants no texts, as others tell it.

use async_trait::async_trait;
use events::v1::OptOutChanged;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use tracing::info;

use crate::db::{self, Evidence};

/// The decider on `opt_out.changed`: what egress learnt from Twilio. Our own come back here too and change nothing,
/// because we know as much of that time.
pub struct OptOut;

#[async_trait]
impl Decider for OptOut {
    type Event = OptOutChanged;
    const NAME: &'static str = "opt-out";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: OptOutChanged,
    ) -> Result<Decision, HandlerError> {
        let evidence = Evidence::At(cause.time);
        let person = (event.tenant_id.as_str(), event.customer.as_str());
        if note(tx, person, event.opted_out, evidence).await? {
            info!(
                opted_out = event.opted_out,
                "a customer's wish was learnt from elsewhere"
            );
        }
        Ok(Decision::nothing())
    }
}

/// Notes what a customer of a tenant wants. Says whether it is news.
pub async fn note(
    tx: &mut Tx,
    (tenant, customer): (&str, &str),
    opted_out: bool,
    evidence: Evidence,
) -> Result<bool, store::Error> {
    if tenant.is_empty() || customer.is_empty() {
        return Ok(false);
    }
    let locked = db::opt_out_lock(tx, tenant, customer).await?;
    db::opt_out_set(tx, &locked, opted_out, evidence).await
}
