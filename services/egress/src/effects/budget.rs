//! Answering whether AI may still be asked for a tenant.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::{SpendQuery, SpendReply};
use role::{Cause, HandlerError, Outcome, Performer};

use crate::spend::SpendGuard;

/// Answers `spend.query`.
pub(crate) struct TellBudget(pub SpendGuard);

#[async_trait]
impl Performer for TellBudget {
    type Command = SpendQuery;
    const NAME: &'static str = "spend-query";

    /// The requester waits for a moment only.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: SpendQuery) -> Result<Outcome, HandlerError> {
        let until = self.0.ai_limited_until(&query.tenant_id).await?;
        let reply = SpendReply {
            ai_limited_until: until.map(|until| until.to_rfc3339()).unwrap_or_default(),
        };
        Ok(Outcome::nothing().reply(&reply))
    }
}
