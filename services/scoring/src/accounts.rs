//! Which credentials a recording is fetched with.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use role::Parts;
use role::directory::Directory;
use tracing::error;
use twilio_api::{Client, Timeouts};

/// A recording of a minute is a megabyte.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    total: Duration::from_secs(30),
};

/// The accounts whose recordings we may fetch. Clones share everything.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Inner>);

struct Inner {
    base_url: String,
    /// Made when it is first needed: it reads the system's certificates, and the platform starts without.
    client: OnceLock<Option<Client>>,
    directory: Directory,
}

impl Accounts {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self(Arc::new(Inner {
            base_url: parts.settings.twilio_api_url().to_owned(),
            client: OnceLock::new(),
            directory: parts.directory.clone(),
        }))
    }

    /// A client with an account's credentials; the platform's own account when the SID is empty. `None`: not known (yet).
    pub(crate) async fn of(&self, sid: &str) -> Option<Client> {
        let known = self.0.directory.account_or_ask(sid).await?;
        let token = known.tokens.first()?;
        // Credentials come with each account; the connections are shared.
        let client = self.0.client.get_or_init(|| {
            let client = Client::with_timeouts(&self.0.base_url, "none", "", TIMEOUTS);
            client
                .inspect_err(|e| error!(error = %e, "TWILIO_API_BASE_URL cannot be used"))
                .ok()
        });
        Some(client.as_ref()?.for_account(&known.sid, token.reveal()))
    }
}
