//! `flow.query`: whoever holds a call asks for the flow that its number names.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::{FlowFound, FlowQuery};
use role::{Cause, HandlerError, Outcome, Performer};
use store::Store;

use crate::db;

/// Answers `flow.query`.
pub struct Find(pub Store);

#[async_trait]
impl Performer for Find {
    type Command = FlowQuery;
    const NAME: &'static str = "flow";

    /// Whoever asks waits for a moment and asks again.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: FlowQuery) -> Result<Outcome, HandlerError> {
        let mut tx = self.0.read().await?;
        let row = db::flow_latest(&mut tx, &query.tenant_id, &query.name).await?;
        let found = row.map(|row| FlowFound {
            found: true,
            tenant_id: row.tenant_id,
            name: row.name,
            version: u32::try_from(row.version).unwrap_or(u32::MAX),
            kind: row.kind,
            definition: row.definition.0.to_string(),
        });
        Ok(Outcome::nothing().reply(&found.unwrap_or_default()))
    }
}
