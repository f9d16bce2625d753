//! Which credentials a request to Twilio goes with, and what became of the last ones.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::{Clock, Time};
use directory::Directory;
use metrics::histogram;
use parking_lot::{Mutex, MutexGuard};
use role::{HandlerError, Parts};
use tracing::{info, warn};
use twilio_api::{Client, Credentials, Error, Timeouts};

/// How long Twilio may take. An attempt's lease is longer than two requests.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    total: Duration::from_secs(12),
};

/// How many accounts readiness names.
const SHOWN: usize = 3;

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
    /// Which of an account's tokens Twilio takes, by its SID.
    credentials: Mutex<HashMap<String, Known>>,
}

struct Known {
    credentials: Credentials,
    /// What was said of it last.
    told: Health,
}

/// How Twilio takes an account's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Ok,
    /// The first token is refused and another one taken.
    Rotating,
    /// Every token is refused.
    Refused,
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
            credentials: Mutex::default(),
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
        let faults = self.0.faults.lock();
        faults.iter().cloned().collect()
    }

    fn with(&self, known: &directory::Account) -> Option<Account> {
        let tokens: Vec<&str> = known.tokens.iter().map(|token| token.reveal()).collect();
        if tokens.is_empty() {
            return None;
        }
        let credentials = self.credentials(&known.sid, &tokens);
        Some(Account {
            sid: known.sid.clone(),
            tenant: known.tenant.clone(),
            client: self.0.client.with_credentials(credentials),
            accounts: self.clone(),
        })
    }

    /// What is known of these tokens; other tokens than before are tried anew.
    fn credentials(&self, sid: &str, tokens: &[&str]) -> Credentials {
        let mut all = self.known();
        match all.get(sid) {
            Some(known) if known.credentials.has(tokens) => known.credentials.clone(),
            _ => {
                let credentials = Credentials::new(sid, tokens.iter().copied());
                let known = Known {
                    credentials: credentials.clone(),
                    told: Health::Ok,
                };
                all.insert(sid.to_owned(), known);
                credentials
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.credentials.lock()
    }

    /// What is wrong with credentials, for readiness; none: nothing.
    pub(crate) fn complaint(&self) -> Option<String> {
        let all = self.known();
        let complaint = |(sid, known): (&String, &Known)| match known.told {
            Health::Ok => None,
            Health::Rotating => Some(format!(
                "{sid}: Twilio refuses the first auth token and takes the second"
            )),
            Health::Refused => Some(format!("{sid}: Twilio refuses the auth token")),
        };
        let mut words: Vec<_> = all.iter().filter_map(complaint).collect();
        words.sort();
        let more = words.len().saturating_sub(SHOWN);
        words.truncate(SHOWN);
        if more > 0 {
            words.push(format!("{more} more"));
        }
        Some(words.join("; ")).filter(|words| !words.is_empty())
    }

    /// Says what has changed in how an account's tokens are taken: once.
    fn tell(&self, sid: &str) {
        let mut all = self.known();
        let Some(known) = all.get_mut(sid) else {
            return;
        };
        let now = if known.credentials.is_refused() {
            Health::Refused
        } else if known.credentials.in_use() > 0 {
            Health::Rotating
        } else {
            Health::Ok
        };
        if std::mem::replace(&mut known.told, now) == now {
            return;
        }
        match now {
            Health::Ok => info!(account.sid = sid, "Twilio takes the first auth token again"),
            Health::Rotating => warn!(
                account.sid = sid,
                "Twilio refuses the first auth token and takes the second; put that one first, or take the old one out"
            ),
            Health::Refused => warn!(
                account.sid = sid,
                "Twilio refuses every auth token of the account: correct TWILIO_AUTH_TOKEN, or the tenant's auth_tokens"
            ),
        }
    }

    fn remember(&self, failure: Failure) {
        let mut faults = self.0.faults.lock();
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
            Err(e) => e
                .http_status()
                .map_or_else(|| "none".to_owned(), |s| s.to_string()),
        };
        self.accounts.tell(&self.sid);
        histogram!("egress_twilio_seconds", "op" => op, "status" => status)
            .record(started.elapsed().as_secs_f64());
        if let Err(e) = &answer {
            self.accounts.remember(Failure {
                at: self.accounts.0.clock.now(),
                op,
                account_sid: self.sid.clone(),
                tenant: self.tenant.clone(),
                status: e.http_status(),
                code: e.code(),
            });
        }
        answer
    }
}
