//! The record of an API key.

use chrono::{DateTime, Utc};

/// An API key: another way into the REST API than the account's token.
pub(crate) struct Key {
    pub(crate) sid: String,
    /// Shown once, in the answer that made it.
    pub(crate) secret: String,
    pub(crate) friendly_name: String,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}
