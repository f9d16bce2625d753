//! The record of a phone number of the account.

use chrono::{DateTime, Utc};

/// Where a number sends its calls or its messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) fallback_url: String,
    pub(crate) fallback_method: String,
}

/// A number of the account.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) sid: String,
    pub(crate) phone_number: String,
    pub(crate) friendly_name: String,
    pub(crate) voice: Route,
    pub(crate) sms: Route,
    pub(crate) status_callback: String,
    pub(crate) status_callback_method: String,
    pub(crate) caller_id_lookup: bool,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
}
