//! The accounts at Twilio whose files a role may fetch, with a client for each.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use tracing::error;
use twilio_api::{Client, Credentials};

use crate::Parts;
use directory::Directory;

/// How long Twilio may be silent in the middle of a file.
const IDLE: Duration = Duration::from_secs(20);

/// Accounts and their credentials. Clones share everything.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    base_url: String,
    /// Made when it is first needed: it reads the system's certificates, and the platform starts without.
    client: OnceLock<Option<Client>>,
    make: fn(&str, &str, &str, Duration) -> Result<Client, twilio_api::Error>,
    directory: Directory,
    /// Which of an account's tokens Twilio takes, by its SID.
    credentials: Mutex<HashMap<String, Credentials>>,
}

/// The key of the object in which the recordings role keeps Twilio's recording. It follows from the recording, so that a
/// role that needs the file looks there before it asks Twilio.
#[must_use]
pub fn recording_key(tenant_id: &str, recording_sid: &str, extension: &str) -> String {
    format!("recordings/{tenant_id}/{recording_sid}.{extension}")
}

impl Accounts {
    /// The accounts of the platform and its tenants.
    pub fn new(parts: &Parts) -> Self {
        Self::making(parts, Client::for_files)
    }

    /// The same, with clients that follow no redirects: see [`Client::file_at`].
    pub fn without_redirects(parts: &Parts) -> Self {
        Self::making(parts, Client::for_media)
    }

    fn making(
        parts: &Parts,
        make: fn(&str, &str, &str, Duration) -> Result<Client, twilio_api::Error>,
    ) -> Self {
        Self(Arc::new(Inner {
            make,
            base_url: parts.settings.twilio_api_url().to_owned(),
            client: OnceLock::new(),
            directory: parts.directory.clone(),
            credentials: Mutex::default(),
        }))
    }

    /// A client for files with an account's credentials; the platform's own account when the SID is empty. `None`: not known (yet).
    pub async fn of(&self, sid: &str) -> Option<Client> {
        let known = self.0.directory.account_or_ask(sid).await?;
        let tokens: Vec<&str> = known.tokens.iter().map(|token| token.reveal()).collect();
        if tokens.is_empty() {
            return None;
        }
        // Credentials come with each account; the connections are shared.
        let client = self.0.client.get_or_init(|| {
            let client = (self.0.make)(&self.0.base_url, "none", "", IDLE);
            client
                .inspect_err(|e| error!(error = %e, "TWILIO_API_BASE_URL cannot be used"))
                .ok()
        });
        let credentials = self.credentials(&known.sid, &tokens);
        Some(client.as_ref()?.with_credentials(credentials))
    }

    /// What is known of these tokens; other tokens than before are tried anew.
    fn credentials(&self, sid: &str, tokens: &[&str]) -> Credentials {
        let mut all = self.0.credentials.lock();
        match all.get(sid) {
            Some(known) if known.has(tokens) => known.clone(),
            _ => {
                let new = Credentials::new(sid, tokens.iter().copied());
                all.insert(sid.to_owned(), new.clone());
                new
            }
        }
    }
}
