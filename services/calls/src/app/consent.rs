//! What both parties are told before their call is recorded.

use events::v1::TenantContext;
use twiml::Say;

use super::speech;

/// Whether the tenant's calls are recorded.
pub fn is_recorded(tenant: &TenantContext) -> bool {
    tenant.recording.as_ref().is_some_and(|it| it.enabled)
}

/// What is spoken before the recording starts; none where nothing is recorded or nobody is to be told.
pub fn notice(tenant: &TenantContext) -> Option<Say> {
    let settings = tenant.recording.as_ref()?;
    (settings.enabled && settings.consent_notice)
        .then(|| speech::ours(tenant, "", |calls| calls.recording_notice))
}
