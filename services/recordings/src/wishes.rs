//! What a tenant wants of its recordings by now, asked of tenants: what it wanted when the call came in may be old.

use std::time::Duration;

use bus::Bus;
use clock::Clock;
use events::Envelope;
use events::v1::{RecordingSettings, TenantFound, TenantQuery};
use role::Parts;

use crate::app::row;
use crate::db::CallRow;

/// Asks. Clones share everything.
#[derive(Clone)]
pub(crate) struct Wishes {
    bus: Bus,
    clock: Clock,
    /// How long an answer is waited for.
    patience: Duration,
}

/// Nobody has answered: nothing is deleted on a guess.
#[derive(Debug, thiserror::Error)]
#[error("tenants does not say whether recordings are under legal hold")]
pub(crate) struct NoAnswer;

impl Wishes {
    pub(crate) fn new(parts: &Parts, patience: Duration) -> Self {
        Self {
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            patience,
        }
    }

    /// How a tenant's calls are recorded by now; none: there is no such tenant any more.
    pub(crate) async fn of(&self, tenant_id: &str) -> Result<Option<RecordingSettings>, NoAnswer> {
        let query = TenantQuery {
            tenant_id: tenant_id.to_owned(),
        };
        let query = Envelope::new("trunkline/recordings", &self.clock, &query);
        let reply = self.bus.request(query, self.patience).await;
        let found: TenantFound = reply.ok().and_then(|it| it.decode().ok()).ok_or(NoAnswer)?;
        match found.recording {
            Some(settings) => Ok(Some(settings)),
            None if found.tenant_id.is_empty() => Ok(None),
            // A process of an earlier version has answered.
            None => Err(NoAnswer),
        }
    }

    /// Whether nothing of this call may be deleted. Of a tenant that is gone what it wanted when the call came in counts.
    pub(crate) async fn is_held(&self, call: &CallRow) -> Result<bool, NoAnswer> {
        let wanted = self.of(&call.tenant_id).await?;
        Ok(wanted.map_or_else(|| row::settings(Some(call)).legal_hold, |it| it.legal_hold))
    }
}
