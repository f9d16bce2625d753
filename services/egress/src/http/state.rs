//! What the handlers work with.

use clock::Clock;
use settings::Settings;
use store::Store;

use crate::accounts::Accounts;
use crate::webhooks::Webhooks;

/// What the handlers share.
pub(crate) struct State {
    pub store: Store,
    pub clock: Clock,
    pub accounts: Accounts,
    pub public_url: String,
    pub webhooks: Webhooks,
    pub message_status: String,
    /// The default account's number, redacted.
    pub number: Option<String>,
}

impl State {
    pub(crate) fn new(settings: &Settings, store: Store, clock: Clock, accounts: Accounts) -> Self {
        let public_url = settings.public_url();
        Self {
            store,
            clock,
            accounts,
            webhooks: Webhooks::of(&public_url),
            message_status: crate::webhooks::message_status_url(settings),
            public_url,
            number: settings
                .account
                .as_ref()
                .and_then(|account| Some(account.number.as_ref()?.redacted())),
        }
    }
}
