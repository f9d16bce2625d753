//! Which tenants there are, for whoever keeps something for them.

use std::time::Duration;

use bus::Bus;
use clock::Clock;
use events::Envelope;
use events::v1::{TenantFound, TenantQuery};

use crate::cache::Unanswered;

/// How long the owner may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The id of the tenant that is named, or of the only one where `named` is empty. None: there is none such, or there are several.
/// `source` is who asks, such as `trunkline/streams`.
///
/// # Errors
///
/// [`Unanswered::Away`] when the owner does not answer in time.
pub async fn find_tenant(
    bus: &Bus,
    clock: &Clock,
    source: &str,
    named: &str,
) -> Result<Option<String>, Unanswered> {
    let query = TenantQuery {
        tenant_id: named.to_owned(),
    };
    let query = Envelope::new(source, clock, &query);
    let reply = bus.request(query, PATIENCE).await;
    let reply = reply.map_err(|e| Unanswered::Away(e.to_string()))?;
    let found: TenantFound = reply
        .decode()
        .map_err(|e| Unanswered::Away(e.to_string()))?;
    Ok(Some(found.tenant_id).filter(|id| !id.is_empty()))
}
