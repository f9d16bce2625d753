//! What the handlers work with, and what they answer alike.

use api::ApiError;
use bus::Bus;
use chrono::Duration;
use clock::Clock;
use directory::Directory;
use role::Relay;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use store::Store;

/// What the handlers work with.
pub struct State {
    /// The role's data.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// For asking tenants.
    pub bus: Bus,
    /// Which numbers a tenant has.
    pub directory: Directory,
    /// The voice that speaks prompts, as the settings name it.
    pub speaker: String,
    /// The time.
    pub clock: Clock,
    /// How long after the end of its call an interview waits for what its answers come to, and its summary after that.
    pub results: Duration,
}

/// Something was put down.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Created {
    pub(super) id: String,
}

/// 404 that says which field names what is not there.
pub(super) fn missing(what: &str, field: &str) -> ApiError {
    ApiError::not_found(what).with_details(json!({ "field": field }))
}
