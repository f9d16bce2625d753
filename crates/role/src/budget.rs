//! Whether AI providers may still be asked for a tenant today, and what they have cost it: egress adds it up.

use std::num::NonZeroU32;
use std::time::Duration;

use bus::Bus;
use chrono::DateTime;
use clock::{Clock, Time};
use directory::{Cache, Limits, Unanswered, listen};
use events::v1::{AiSpent, SpendLimited, SpendQuery, SpendReply, TenantChanged};
use events::{Envelope, Event};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::Parts;

/// Why no provider is asked: the reason of a failure.
pub const OVER_BUDGET: &str = "over_budget";

/// How long egress may take to answer. When it is away the work is done: what it costs is told once it is back.
const PATIENCE: Duration = Duration::from_millis(500);
/// `spend.limited` is heard at once; this is for what was not heard.
const LIMITS: Limits = Limits {
    known: Duration::from_secs(60),
    unknown: Duration::from_secs(10),
    capacity: 100_000,
    per_second: NonZeroU32::MIN,
    burst: NonZeroU32::MIN,
};

/// What is known of tenants' budgets. Clones share it.
#[derive(Clone)]
pub struct Budget {
    bus: Bus,
    clock: Clock,
    /// By tenant: until when no provider is asked for it.
    limited: Cache<String, Option<Time>>,
}

impl Budget {
    /// Nothing is known yet; [`Budget::keep_fresh`] hears of changes.
    pub fn new(parts: &Parts) -> Self {
        Self {
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            limited: Cache::new(LIMITS),
        }
    }

    /// Whether a tenant has spent what it may today. Where egress does not say, it has not.
    pub async fn is_spent(&self, tenant: &str) -> bool {
        if tenant.is_empty() {
            return false;
        }
        let query = SpendQuery {
            tenant_id: tenant.to_owned(),
        };
        let (bus, clock) = (self.bus.clone(), self.clock.clone());
        let ask = || async move {
            let away = |e: String| Unanswered::Away(e);
            let envelope = Envelope::new("trunkline/role", &clock, &query);
            let reply = bus.request(envelope, PATIENCE).await;
            let reply = reply.map_err(|e| away(e.to_string()))?;
            let reply: SpendReply = reply.decode().map_err(|e| away(e.to_string()))?;
            let until = DateTime::parse_from_rfc3339(&reply.ai_limited_until);
            Ok(Some(until.ok().map(Time::from)))
        };
        match self.limited.get(&tenant.to_owned(), None, ask).await {
            Ok(until) => until
                .flatten()
                .is_some_and(|until| self.clock.now() < until),
            Err(error) => {
                debug!(%error, "egress does not say what a tenant has spent");
                false
            }
        }
    }

    /// Tells what a provider has cost, at best: where a caller is on the line, nothing waits for this.
    pub fn spent(&self, tenant: &str, cost_micro_usd: Option<u64>) {
        let Some(event) = ai_spent(tenant, cost_micro_usd) else {
            return;
        };
        let envelope = Envelope::new("trunkline/role", &self.clock, &event);
        let (bus, envelope) = (self.bus.clone(), envelope.tenant(tenant.to_owned()));
        tokio::spawn(async move {
            if let Err(error) = bus.publish(&envelope).await {
                warn!(%error, "what a provider has cost is not added up");
            }
        });
    }

    /// Runs until `stop`.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        let patterns = [SpendLimited::TYPE, TenantChanged::TYPE];
        listen(&self.bus, &patterns, &stop, |heard| {
            match heard.and_then(|it| it.tenant.clone()) {
                Some(tenant) => self.limited.forget(&tenant),
                None => self.limited.clear(),
            }
        })
        .await;
    }
}

/// What tells of a cost; none where it is not known or nothing.
pub fn ai_spent(tenant: &str, cost_micro_usd: Option<u64>) -> Option<AiSpent> {
    let cost_micro_usd = cost_micro_usd.filter(|cost| *cost > 0)?;
    (!tenant.is_empty()).then(|| AiSpent {
        tenant_id: tenant.to_owned(),
        cost_micro_usd,
    })
}
