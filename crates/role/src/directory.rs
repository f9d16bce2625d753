//! What the edge needs to know of tenants: whose tokens sign an account's webhooks, and whom a number forwards to
//! when the platform behind is away.
//!
//! The role that owns tenants answers a query over the bus; this keeps the answer, asks again when an event says
//! that something changed, and after a minute anyway. Tokens travel sealed.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bus::{Bus, Tap};
use clock::Clock;
use events::v1::{self, DirectoryQuery, NumberChanged, TenantChanged};
use events::{Envelope, Event};
use futures::FutureExt;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::health::Flag;
use crate::seal::Sealer;
use crate::settings::{Secret, TwilioAccount};

const REFRESH: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);
/// The least time between two queries that an unknown account provokes: anybody can make accounts up.
const PROVOKED: Duration = Duration::from_secs(1);

/// How many tokens of an account are remembered after it has others, to tell why a signature failed.
const REPLACED: usize = 4;

/// An account as the edge knows it.
#[derive(Debug, Clone)]
pub struct Account {
    /// `AC..`.
    pub sid: String,
    /// The tenant it belongs to; none: the platform's own account.
    pub tenant: Option<String>,
    /// Accepted tokens; the first signs REST requests.
    pub tokens: Vec<Secret>,
}

/// A number as the edge knows it.
pub type Entry = v1::directory::Entry;

#[derive(Default)]
struct Known {
    accounts: HashMap<String, Arc<Account>>,
    entries: HashMap<String, Arc<Entry>>,
    /// Tokens that accounts had before, the latest last.
    replaced: HashMap<String, Vec<Secret>>,
}

impl Known {
    /// What accounts keep of the tokens that they had: no more of each than [`REPLACED`].
    fn replaced_by(
        &self,
        accounts: &HashMap<String, Arc<Account>>,
    ) -> HashMap<String, Vec<Secret>> {
        let of = |(sid, account): (&String, &Arc<Account>)| {
            let before = self.replaced.get(sid).into_iter().flatten();
            let before = before.chain(self.accounts.get(sid).into_iter().flat_map(|it| &it.tokens));
            let mut replaced: Vec<Secret> = Vec::new();
            for token in before.filter(|token| !account.tokens.contains(token)) {
                replaced.retain(|known| known != token);
                replaced.push(token.clone());
            }
            let old = replaced.split_off(replaced.len().saturating_sub(REPLACED));
            Some((sid.clone(), old)).filter(|(_, old)| !old.is_empty())
        };
        accounts.iter().filter_map(of).collect()
    }
}

/// The edge's copy. Clones share it.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    bus: Bus,
    clock: Clock,
    sealer: Sealer,
    default: Option<Arc<Account>>,
    known: RwLock<Known>,
    wanted: Notify,
    version: watch::Sender<u64>,
    loaded: Flag,
}

impl Directory {
    /// Knows the default account at once; [`Directory::keep_fresh`] fetches the rest.
    pub(crate) fn new(
        bus: Bus,
        clock: Clock,
        sealer: Sealer,
        default: Option<&TwilioAccount>,
    ) -> Self {
        let default = default.map(|account| {
            Arc::new(Account {
                sid: account.sid.clone(),
                tenant: None,
                tokens: account.tokens.clone(),
            })
        });
        let (known, wanted, loaded) = (RwLock::default(), Notify::new(), Flag::default());
        let version = watch::Sender::new(0);
        Self(Arc::new(Inner {
            bus,
            clock,
            sealer,
            default,
            known,
            wanted,
            version,
            loaded,
        }))
    }

    /// An account by its SID.
    pub fn account(&self, sid: &str) -> Option<Arc<Account>> {
        if let Some(default) = self.0.default.as_ref().filter(|account| account.sid == sid) {
            return Some(default.clone());
        }
        self.read().accounts.get(sid).cloned()
    }

    /// Every account that is known, for telling why a signature failed.
    pub fn accounts(&self) -> Vec<Arc<Account>> {
        let known = self.read();
        self.0
            .default
            .iter()
            .chain(known.accounts.values())
            .cloned()
            .collect()
    }

    /// The tokens that an account had, and has no more, since this process began: they prove nothing, but tell why a
    /// signature failed.
    pub fn replaced_tokens(&self, sid: &str) -> Vec<Secret> {
        self.read().replaced.get(sid).cloned().unwrap_or_default()
    }

    /// A number.
    pub fn entry(&self, number: &str) -> Option<Arc<Entry>> {
        self.read().entries.get(number).cloned()
    }

    /// The account that something names: the platform's own when it names none, and one that may have been added a moment
    /// ago: asks once more before it gives up.
    pub async fn account_or_ask(&self, sid: &str) -> Option<Arc<Account>> {
        if sid.is_empty() {
            return self.0.default.clone();
        }
        if let Some(account) = self.account(sid) {
            return Some(account);
        }
        self.ask().await;
        self.account(sid)
    }

    /// The numbers of a tenant, in order. None is known: he may have been added a moment ago, so asks once more.
    pub async fn numbers_or_ask(&self, tenant: &str) -> Vec<Arc<Entry>> {
        let numbers = self.numbers(tenant);
        if !numbers.is_empty() {
            return numbers;
        }
        self.ask().await;
        self.numbers(tenant)
    }

    fn numbers(&self, tenant: &str) -> Vec<Arc<Entry>> {
        let known = self.read();
        let own = known.entries.values().filter(|it| it.tenant_id == tenant);
        let mut own: Vec<_> = own.cloned().collect();
        own.sort_unstable_by(|a, b| a.number.cmp(&b.number));
        own
    }

    /// Waits, not for long, until the answer to a new query is there.
    async fn ask(&self) {
        let mut version = self.0.version.subscribe();
        version.mark_unchanged();
        self.0.wanted.notify_one();
        let _ = tokio::time::timeout(PROVOKED * 2, version.changed()).await;
    }

    /// Whether it was loaded, for health.
    pub fn loaded(&self) -> Flag {
        self.0.loaded.clone()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs until `stop`.
    pub(crate) async fn keep_fresh(self, stop: CancellationToken) {
        let patterns = [TenantChanged::TYPE, NumberChanged::TYPE];
        loop {
            let tap = tokio::select! {
                tap = self.0.bus.tap(&patterns) => tap,
                () = stop.cancelled() => return,
            };
            let Ok(mut tap) = tap else {
                if pause(RETRY, &stop).await {
                    return;
                }
                continue;
            };
            loop {
                let asked = tokio::time::Instant::now();
                let wait = if self.refresh().await { REFRESH } else { RETRY };
                tokio::select! {
                    event = tap.next() => if event.is_none() || !told_of_all(&mut tap) {
                        break;
                    },
                    () = self.0.wanted.notified() => {
                        let rest = PROVOKED.saturating_sub(asked.elapsed());
                        if pause(rest, &stop).await { return }
                    }
                    () = tokio::time::sleep(wait) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    async fn refresh(&self) -> bool {
        let query = Envelope::new("trunkline/role", &self.0.clock, &DirectoryQuery {});
        let reply = match self.0.bus.request(query, Duration::from_secs(3)).await {
            Ok(reply) => reply,
            Err(e) => {
                debug!(error = %e, "the directory is not fresh; asking again");
                return false;
            }
        };
        let Ok(directory) = reply.decode::<v1::Directory>() else {
            return false;
        };
        let open = |account: v1::directory::Account| {
            let tokens: Result<Vec<_>, _> = account
                .sealed_tokens
                .iter()
                .map(|sealed| self.0.sealer.open(sealed))
                .collect();
            match tokens {
                Ok(tokens) => {
                    let tenant = Some(account.tenant_id).filter(|t| !t.is_empty());
                    Some((
                        account.account_sid.clone(),
                        Arc::new(Account {
                            sid: account.account_sid,
                            tenant,
                            tokens,
                        }),
                    ))
                }
                Err(e) => {
                    warn!(account.sid = account.account_sid, error = %e, "an account is left out");
                    None
                }
            }
        };
        let accounts = directory.accounts.into_iter().filter_map(open).collect();
        let entries = directory
            .entries
            .into_iter()
            .map(|e| (e.number.clone(), Arc::new(e)))
            .collect();
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known {
            replaced: known.replaced_by(&accounts),
            accounts,
            entries,
        };
        drop(known);
        self.0.loaded.store(true, Ordering::Relaxed);
        self.0.version.send_modify(|version| *version += 1);
        true
    }
}

/// Takes the news that have come meanwhile: one look answers them all, and an apply of a hundred tenants tells a
/// hundred changes. False when there will be no more.
fn told_of_all(tap: &mut Tap) -> bool {
    loop {
        match tap.next().now_or_never() {
            Some(Some(_)) => {}
            Some(None) => return false,
            None => return true,
        }
    }
}

/// Waits; true when it is time to stop.
async fn pause(wait: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(wait) => false,
        () = stop.cancelled() => true,
    }
}
