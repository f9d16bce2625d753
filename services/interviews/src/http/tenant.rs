//! Whose something is. tenants knows who there is: it is asked over the bus.

use api::{ApiError, Caller};
use directory::find_tenant;

use super::State;

/// The tenant that something new belongs to: the key's own, else the one that is named, else the only one.
pub(super) async fn owner(
    state: &State,
    caller: &Caller,
    named: Option<String>,
) -> Result<String, ApiError> {
    if let Some(own) = &caller.tenant {
        return Ok(own.clone());
    }
    let is_named = named.is_some();
    let found = find(state, named.as_deref().unwrap_or_default()).await?;
    found.ok_or_else(|| {
        ApiError::invalid(
            "tenant_id",
            match is_named {
                true => "is no tenant; GET /api/tenants/ lists them",
                false => {
                    "is missing: there is not exactly one tenant, and this API key is bound to none, so name one"
                }
            },
        )
    })
}

/// The tenant that a request means: the one that is named, the key's own, or the only one.
pub(super) async fn meant(
    state: &State,
    caller: &Caller,
    named: Option<String>,
) -> Result<Option<String>, ApiError> {
    match named.or_else(|| caller.tenant.clone()) {
        Some(tenant) => Ok(Some(tenant)),
        None => find(state, "").await,
    }
}

async fn find(state: &State, named: &str) -> Result<Option<String>, ApiError> {
    let found = find_tenant(&state.bus, &state.clock, "trunkline/interviews", named).await;
    found.map_err(|_| ApiError::unavailable("the role tenants"))
}
