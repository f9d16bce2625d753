//! Whose something is, where a request does not say it. tenants knows who there is: it is asked over the bus.

use api::{ApiError, Caller};
use directory::find_tenant;

use super::State;

/// The tenant that a request means: the one that is named, the key's own, or the only one.
pub(super) async fn meant(
    state: &State,
    caller: &Caller,
    named: Option<String>,
) -> Result<String, ApiError> {
    match named.or_else(|| caller.tenant.clone()) {
        Some(tenant) if caller.may_see(&tenant) => Ok(tenant),
        Some(_) => Err(ApiError::not_found("tenant")),
        None => only(state).await,
    }
}

async fn only(state: &State) -> Result<String, ApiError> {
    let (bus, clock) = (&state.teller.bus, &state.teller.clock);
    let found = find_tenant(bus, clock, "trunkline/streams", "").await;
    let found = found.map_err(|_| ApiError::unavailable("the role tenants"))?;
    found.ok_or_else(|| {
        ApiError::invalid(
            "tenant",
            "is missing: there is not exactly one tenant, and this API key is bound to none, so name one",
        )
    })
}
