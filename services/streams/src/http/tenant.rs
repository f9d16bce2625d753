//! Whose something is, where a request does not say it. tenants knows who there is: it is asked over the bus.

use std::time::Duration;

use api::{ApiError, Caller};
use events::Envelope;
use events::v1::{TenantFound, TenantQuery};

use super::State;

/// How long tenants may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

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
    let query = TenantQuery::default();
    let query = Envelope::new("trunkline/streams", &state.teller.clock, &query);
    let reply = state.teller.bus.request(query, PATIENCE).await?;
    let found: TenantFound = reply
        .decode()
        .map_err(|_| ApiError::unavailable("the role tenants"))?;
    match found.tenant_id.as_str() {
        "" => Err(ApiError::invalid(
            "tenant",
            "is missing: there is not exactly one tenant, and this API key is bound to none, so name one",
        )),
        only => Ok(only.to_owned()),
    }
}
