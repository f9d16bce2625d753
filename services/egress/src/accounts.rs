//! Which credentials a request to Twilio goes with, and what became of the last ones.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clock::{Clock, Time};
use metrics::histogram;
use role::directory::Directory;
use role::{HandlerError, Parts};
use twilio_api::{Client, Error, Timeouts};

/// How long Twilio may take. An attempt's lease is longer than two requests.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    total: Duration::from_secs(12),
};

/// How many faults are remembered for people.
const REMEMBERED: usize = 20;

/// The accounts that we act for. Clones share everything.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Inner>);

struct Inner {
    client: Client,
    base_url: String,
    directory: Directory,
    clock: Clock,
    faults: Mutex<VecDeque<Failure>>,
}

/// A request that Twilio refused or did not answer.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub at: Time,
    pub op: &'static str,
    pub account_sid: String,
    pub tenant: Option<String>,
    /// HTTP's, when there was an answer.
    pub status: Option<u16>,
    /// Twilio's, when it gave one.
    pub code: Option<u32>,
}

/// One account, with a client that has its credentials.
#[derive(Clone)]
pub(crate) struct Account {
    pub sid: String,
    /// The tenant that it belongs to; none: the platform's own.
    pub tenant: Option<String>,
    pub client: Client,
    accounts: Accounts,
}

impl Accounts {
    pub(crate) fn new(parts: &Parts) -> Result<Self, role::Error> {
        let base_url = parts.settings.twilio_api_url();
        // Credentials come with each account; the connections are shared.
        let client = Client::with_timeouts(base_url, "none", "", TIMEOUTS)
            .map_err(|e| role::Error::Settings(format!("TWILIO_API_BASE_URL: {e}")))?;
        Ok(Self(Arc::new(Inner {
            client,
            base_url: base_url.to_owned(),
            directory: parts.directory.clone(),
            clock: parts.clock.clone(),
            faults: Mutex::default(),
        })))
    }

    /// Where requests go.
    pub(crate) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// An account by its SID; the platform's own when that is empty.
    pub(crate) async fn of(&self, sid: &str) -> Result<Account, HandlerError> {
        let known = self.0.directory.account_or_ask(sid).await;
        known.and_then(|known| self.with(&known)).ok_or_else(|| {
            HandlerError::Retry(format!("no credentials are known for the account {sid:?}"))
        })
    }

    /// Every account whose credentials are known.
    pub(crate) fn all(&self) -> Vec<Account> {
        let known = self.0.directory.accounts();
        known.iter().filter_map(|known| self.with(known)).collect()
    }

    /// The last faults, the newest first.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        let faults = self.0.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().cloned().collect()
    }

    fn with(&self, known: &role::directory::Account) -> Option<Account> {
        let token = known.tokens.first()?;
        Some(Account {
            sid: known.sid.clone(),
            tenant: known.tenant.clone(),
            client: self.0.client.for_account(&known.sid, token.reveal()),
            accounts: self.clone(),
        })
    }

    fn remember(&self, failure: Failure) {
        let mut faults = self.0.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push_front(failure);
        faults.truncate(REMEMBERED);
    }
}

impl Account {
    /// Sends one request: measures it, and remembers how it failed.
    pub(crate) async fn ask<T>(
        &self,
        op: &'static str,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let answer = request.await;
        let status = match &answer {
            Ok(_) => "ok".to_owned(),
            Err(e) => http_status(e).map_or_else(|| "none".to_owned(), |s| s.to_string()),
        };
        histogram!("egress_twilio_seconds", "op" => op, "status" => status)
            .record(started.elapsed().as_secs_f64());
        if let Err(e) = &answer {
            self.accounts.remember(Failure {
                at: self.accounts.0.clock.now(),
                op,
                account_sid: self.sid.clone(),
                tenant: self.tenant.clone(),
                status: http_status(e),
                code: e.code(),
            });
        }
        answer
    }
}

fn http_status(error: &Error) -> Option<u16> {
    match error {
        Error::Refused { status, .. } => Some(*status),
        Error::Busy { .. } => Some(429),
        Error::Unavailable { status, .. } => *status,
        Error::Setup(_) | Error::Garbled { .. } => None,
    }
}
