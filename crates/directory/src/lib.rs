#![doc = include_str!("../README.md")]

mod cache;
mod stored;
mod tenant;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bus::Bus;
use clock::Clock;
use events::v1::{self, DirectoryQuery, NumberChanged, SpendLimits, TenantChanged};
use events::{Envelope, Event};
use parking_lot::RwLock;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

pub use cache::{Cache, Limits, Unanswered, listen};
use stored::Stored;
pub use tenant::find_tenant;

use encryption::Sealer;
use settings::{Secret, TwilioAccount, is_account_sid};

const REFRESH: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);
/// How long the owner may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// There is one answer, of all accounts and numbers. For a second it is believed of what is not in it, too: anybody can
/// make accounts up.
const LIMITS: Limits = Limits {
    known: Duration::from_secs(1),
    unknown: Duration::from_secs(1),
    capacity: 1,
    per_second: NonZeroU32::MIN,
    burst: NonZeroU32::MIN,
};

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
    /// The number of the question that this answers.
    asked: u64,
    accounts: HashMap<String, Arc<Account>>,
    entries: HashMap<String, Arc<Entry>>,
    /// By tenant: what those who say so may spend.
    spend: HashMap<String, SpendLimits>,
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
    /// When the owner was asked last, and the one question that all wait for.
    asked: Cache<(), ()>,
    /// How many questions there were.
    asks: AtomicU64,
    /// Something may have changed.
    changed: Notify,
    loaded: AtomicBool,
    stored: Stored,
}

/// How much an answer that is there already counts.
#[derive(Clone, Copy)]
enum Belief {
    /// It is believed for a moment.
    AMoment,
    /// It is asked for again.
    None,
}

impl Directory {
    /// Knows the default account at once, and what was kept at `file`; [`Directory::keep_fresh`] fetches the rest.
    pub fn new(
        bus: Bus,
        clock: Clock,
        sealer: Sealer,
        default: Option<&TwilioAccount>,
        file: PathBuf,
    ) -> Self {
        let default = default.map(|account| {
            Arc::new(Account {
                sid: account.sid.clone(),
                tenant: None,
                tokens: account.tokens.clone(),
            })
        });
        let stored = Stored::new(file, sealer.clone(), clock.clone());
        let directory = Self(Arc::new(Inner {
            bus,
            clock,
            sealer,
            default,
            known: RwLock::default(),
            asked: Cache::new(LIMITS),
            asks: AtomicU64::new(0),
            changed: Notify::new(),
            loaded: AtomicBool::new(false),
            stored,
        }));
        if let Some(kept) = directory.0.stored.load() {
            directory.learn(0, kept);
        }
        directory
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

    /// The account that one of our own commands names: the platform's own when it names none, and one that may have been
    /// added a moment ago: asks before it gives up.
    pub async fn account_or_ask(&self, sid: &str) -> Option<Arc<Account>> {
        if let Some(known) = self.known(sid) {
            return known;
        }
        self.ask(Belief::None).await;
        self.account(sid)
    }

    /// The account that a stranger names. What cannot be one is refused as it is, and for what was asked a moment ago nobody
    /// is asked or kept waiting again.
    pub async fn account_of_stranger(&self, sid: &str) -> Option<Arc<Account>> {
        if let Some(known) = self.known(sid) {
            return known;
        }
        if !is_account_sid(sid) {
            return None;
        }
        self.ask(Belief::AMoment).await;
        self.account(sid)
    }

    /// What is known without asking; none: that has to be asked.
    fn known(&self, sid: &str) -> Option<Option<Arc<Account>>> {
        if sid.is_empty() {
            return Some(self.0.default.clone());
        }
        self.account(sid).map(Some)
    }

    /// The numbers of a tenant, in order. None is known: one may have been added a moment ago, so asks once more.
    pub async fn numbers_or_ask(&self, tenant: &str) -> Vec<Arc<Entry>> {
        let numbers = self.numbers(tenant);
        if !numbers.is_empty() {
            return numbers;
        }
        self.ask(Belief::None).await;
        self.numbers(tenant)
    }

    fn numbers(&self, tenant: &str) -> Vec<Arc<Entry>> {
        let known = self.read();
        let own = known.entries.values().filter(|it| it.tenant_id == tenant);
        let mut own: Vec<_> = own.cloned().collect();
        own.sort_unstable_by(|a, b| a.number.cmp(&b.number));
        own
    }

    /// What a tenant has said of what it may spend; none: nothing, or it has no number yet.
    pub fn spend_limits(&self, tenant: &str) -> Option<SpendLimits> {
        self.read().spend.get(tenant).cloned()
    }

    /// Whether it knows what there is, from the owner or from the disk.
    pub fn is_loaded(&self) -> bool {
        self.0.loaded.load(Ordering::Relaxed)
    }

    fn read(&self) -> parking_lot::RwLockReadGuard<'_, Known> {
        self.0.known.read()
    }

    /// Runs until `stop`.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        let patterns = [TenantChanged::TYPE, NumberChanged::TYPE];
        let changed = |_: Option<&Envelope>| {
            self.0.asked.forget(&());
            self.0.changed.notify_one();
        };
        tokio::select! {
            () = listen(&self.0.bus, &patterns, &stop, changed) => {}
            () = self.follow() => {}
        }
    }

    /// Asks whenever something has changed: once for all that has changed meanwhile, since an apply of a hundred tenants
    /// tells a hundred changes.
    async fn follow(&self) {
        loop {
            let answered = self.ask(Belief::None).await;
            let wait = if answered { REFRESH } else { RETRY };
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Asks the owner, or waits for the answer that another request is waiting for. Whether there was one.
    async fn ask(&self, belief: Belief) -> bool {
        let directory = self.clone();
        let ask = || async move { directory.query().await.map(Some) };
        let answer = match belief {
            Belief::AMoment => self.0.asked.get(&(), None, ask).await,
            Belief::None => self.0.asked.ask(&(), None, ask).await,
        };
        match answer {
            Ok(_) => true,
            Err(e) => {
                debug!(error = %e, "the directory is not fresh; asking again");
                false
            }
        }
    }

    async fn query(&self) -> Result<(), Unanswered> {
        let away = |e: String| Unanswered::Away(e);
        let number = self.0.asks.fetch_add(1, Ordering::Relaxed) + 1;
        let mut directory = v1::Directory::default();
        loop {
            let page = DirectoryQuery {
                limit: 0,
                after: std::mem::take(&mut directory.next),
            };
            let query = Envelope::new("trunkline/role", &self.0.clock, &page);
            let reply = self.0.bus.request(query, PATIENCE).await;
            let reply = reply.map_err(|e| away(e.to_string()))?;
            let page: v1::Directory = reply.decode().map_err(|e| away(e.to_string()))?;
            directory.accounts.extend(page.accounts);
            directory.entries.extend(page.entries);
            directory.next = page.next;
            if directory.next.is_empty() {
                break;
            }
        }
        let inner = self.0.clone();
        let kept = directory.clone();
        // Nobody waits for the disk.
        tokio::task::spawn_blocking(move || inner.stored.keep(number, &kept));
        self.learn(number, directory);
        Ok(())
    }

    /// Takes the answer to a question, unless that to a later one is there already.
    fn learn(&self, number: u64, directory: v1::Directory) {
        let accounts = directory.accounts.into_iter();
        let accounts = accounts.filter_map(|account| self.open(account)).collect();
        let of_tenant = |entry: &Entry| Some((entry.tenant_id.clone(), entry.spend.clone()?));
        let spend = directory.entries.iter().filter_map(of_tenant).collect();
        let entries = directory
            .entries
            .into_iter()
            .map(|e| (e.number.clone(), Arc::new(e)))
            .collect();
        let mut known = self.0.known.write();
        if number < known.asked {
            return;
        }
        *known = Known {
            asked: number,
            replaced: known.replaced_by(&accounts),
            accounts,
            entries,
            spend,
        };
        drop(known);
        self.0.loaded.store(true, Ordering::Relaxed);
    }

    fn open(&self, account: v1::directory::Account) -> Option<(String, Arc<Account>)> {
        let sealed = account.sealed_tokens.iter();
        let tokens: Result<Vec<_>, _> = sealed.map(|sealed| self.0.sealer.open(sealed)).collect();
        match tokens {
            Ok(tokens) => {
                let sid = account.account_sid;
                let tenant = Some(account.tenant_id).filter(|t| !t.is_empty());
                let account = Account {
                    sid: sid.clone(),
                    tenant,
                    tokens,
                };
                Some((sid, Arc::new(account)))
            }
            Err(e) => {
                warn!(account.sid = account.account_sid, error = %e, "an account is left out");
                None
            }
        }
    }
}
