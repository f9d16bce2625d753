//! From which of a tenant's numbers a candidate is called. tenants knows: it is asked over the bus.

use std::time::Duration;

use api::ApiError;
use events::Envelope;
use events::v1::{ResolveQuery, Resolved, TenantContext};

use super::State;

const PATIENCE: Duration = Duration::from_secs(3);
/// The most numbers that are looked at to find the primary one.
const MOST: usize = 100;

/// The tenant and its number for this call: the one that was asked for, else the primary one, else the first that
/// is active.
pub(super) async fn choose(
    state: &State,
    tenant: &str,
    from: Option<&str>,
) -> Result<TenantContext, ApiError> {
    if let Some(number) = from {
        let it = resolve(state, number).await?;
        return active(it, tenant).ok_or_else(|| {
            ApiError::invalid("from", "is not an active number of the candidate's tenant")
        });
    }
    let mut first = None;
    let numbers = state.directory.numbers_or_ask(tenant).await;
    for entry in numbers.iter().take(MOST) {
        let Some(it) = active(resolve(state, &entry.number).await?, tenant) else {
            continue;
        };
        if it.number.as_ref().is_some_and(|number| number.primary) {
            return Ok(it);
        }
        first.get_or_insert(it);
    }
    first.ok_or_else(|| {
        ApiError::conflict(
            "no_active_number",
            "the tenant has no active number to call from; add one, or take the tenant back if it is suspended",
        )
    })
}

fn active(found: Resolved, tenant: &str) -> Option<TenantContext> {
    let active = found.active;
    found
        .tenant
        .filter(|it| active && it.tenant_id == tenant && it.number.is_some())
}

async fn resolve(state: &State, number: &str) -> Result<Resolved, ApiError> {
    let query = ResolveQuery {
        number: number.to_owned(),
    };
    let query = Envelope::new("trunkline/interviews", &state.clock, &query);
    let reply = state.bus.request(query, PATIENCE).await?;
    reply
        .decode()
        .map_err(|_| ApiError::unavailable("the role tenants"))
}
