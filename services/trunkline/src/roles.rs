//! The one list of roles. Schemas, `migrate`, the OpenAPI document, what is deployed and the tests over all roles follow from it.

use role::RoleSpec;

/// Every role, in the order in which they start.
pub const ROLES: &[RoleSpec] = &[
    tenants::ROLE,
    calls::ROLE,
    dispatch::ROLE,
    scoring::ROLE,
    recordings::ROLE,
    interviews::ROLE,
    streams::ROLE,
    egress::ROLE,
    console::ROLE,
    ingress::ROLE,
];
