//! Looking up behind a cache. A fresh entry is used without asking the database; an old one while the database is
//! away.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Tapped};
use clock::Clock;
use encryption::Sealer;
use events::Event;
use events::v1::{NumberChanged, TenantChanged};
use metrics::counter;
use outbound::Reach;
use parking_lot::{Mutex, MutexGuard};
use phone::E164;
use role::{Outage, Parts};
use settings::{Secret, Settings};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::app::cache::Cache;
use crate::app::context::Resolution;
use crate::app::refusal::Refusal;
use crate::db::tenants;

/// How long a call waits for the database when an old answer is at hand.
const PATIENCE: Duration = Duration::from_millis(500);
/// The wait before listening again.
const RETRY: Duration = Duration::from_millis(500);

/// Where a tenant's events are posted.
#[derive(Clone)]
pub struct Target {
    /// The address.
    pub url: String,
    /// Signs them.
    pub secret: Secret,
    /// How far it may reach.
    pub reach: Reach,
}

/// The account of tenants that have none of their own; empty: there is none.
pub fn platform_account(settings: &Settings) -> String {
    let account = settings.account.as_ref();
    account
        .map(|account| account.sid.clone())
        .unwrap_or_default()
}

/// How far the addresses of tenants may reach.
#[derive(Debug, Clone, Copy)]
pub struct Reaches {
    /// One that the tenant has given.
    pub tenants: Reach,
    /// One that an operator has.
    pub operators: Reach,
}

impl Reaches {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        let reach = |by_operator| match settings.asks_private_addresses(by_operator) {
            true => Reach::Private,
            false => Reach::Public,
        };
        Self {
            tenants: reach(false),
            operators: reach(true),
        }
    }

    /// By who has given it.
    pub fn by(self, operator: bool) -> Reach {
        match operator {
            true => self.operators,
            false => self.tenants,
        }
    }
}

type Found = Option<Arc<Resolution>>;
type Posted = Option<Arc<Target>>;

/// What is looked up for each call. Clones share it.
#[derive(Clone)]
pub struct Lookups(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    sealer: Sealer,
    platform_account: String,
    reaches: Reaches,
    numbers: Cache<Found>,
    targets: Cache<Posted>,
    /// The database, which every call may ask.
    database: Mutex<Outage>,
}

impl Lookups {
    /// `platform_account` is the account of tenants that have none of their own.
    pub fn new(parts: &Parts, store: Store, platform_account: String) -> Self {
        let (numbers, targets) = (Cache::new(), Cache::new());
        Self(Arc::new(Inner {
            store,
            clock: parts.clock.clone(),
            sealer: parts.sealer.clone(),
            reaches: Reaches::of(&parts.settings),
            platform_account,
            numbers,
            targets,
            database: Mutex::new(Outage::new("the database is away; old look-ups are used")),
        }))
    }

    /// The business behind a number; what is no number is nobody's.
    pub async fn resolve(&self, number: &str) -> Result<Found, Refusal> {
        if E164::parse(number).is_err() {
            return Ok(None);
        }
        let found = |found: &Found| found.as_ref().map(|it| it.context.tenant_id.clone());
        self.cached(&self.0.numbers, number, found, async || {
            let mut tx = self.0.store.read().await?;
            let found = tenants::by_number(&mut tx, number).await?;
            Ok(found.map(|(tenant, account, number)| {
                let platform_account = &self.0.platform_account;
                let account = account.as_deref();
                Arc::new(Resolution::new(&tenant, account, &number, platform_account))
            }))
        })
        .await
    }

    /// Where a tenant's events are posted, when they are.
    pub async fn target(&self, tenant: &str) -> Result<Posted, Refusal> {
        let owner = |_: &Posted| Some(tenant.to_owned());
        self.cached(&self.0.targets, tenant, owner, async || {
            let mut tx = self.0.store.read().await?;
            let found = tenants::load(&mut tx, &[tenant.to_owned()], &self.0.sealer).await?;
            let target = found.into_iter().next().and_then(|tenant| {
                let (url, secret) = (tenant.profile.notify_url?, tenant.notify_secret?);
                let reach = self.0.reaches.by(tenant.notify_by_operator);
                Some(Arc::new(Target { url, secret, reach }))
            });
            Ok(target)
        })
        .await
    }

    async fn cached<V: Clone>(
        &self,
        cache: &Cache<V>,
        key: &str,
        owner: impl Fn(&V) -> Option<String>,
        load: impl AsyncFnOnce() -> Result<V, Refusal>,
    ) -> Result<V, Refusal> {
        let now = self.0.clock.now();
        if let Some(value) = cache.fresh(key, now) {
            counter!("tenants_lookups_total", "from" => "cache").increment(1);
            return Ok(value);
        }
        let (ticket, stale) = (cache.ticket(), cache.stale(key));
        let patience = if stale.is_some() {
            PATIENCE
        } else {
            Duration::from_secs(30)
        };
        let loaded = tokio::time::timeout(patience, load()).await;
        let failed = match loaded {
            Ok(Ok(value)) => {
                counter!("tenants_lookups_total", "from" => "database").increment(1);
                self.database().recovered();
                cache.keep(ticket, key, owner(&value).as_deref(), value.clone(), now);
                return Ok(value);
            }
            Ok(Err(e)) => e,
            Err(_) => Refusal::Store(store::Error::Unavailable(
                "it did not answer in time".to_owned(),
            )),
        };
        let Some(value) = stale else {
            return Err(failed);
        };
        let _ = self.database().failed(&failed);
        counter!("tenants_lookups_total", "from" => "stale").increment(1);
        cache.rest(key, now);
        Ok(value)
    }

    fn database(&self) -> MutexGuard<'_, Outage> {
        self.0.database.lock()
    }

    /// Forgets what a change may have touched.
    pub fn forget(&self, tenant: &str, number: &str) {
        self.0.numbers.forget(tenant, number);
        self.0.targets.forget(tenant, tenant);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.0.numbers.clear();
        self.0.targets.clear();
    }

    /// Listens to what other replicas change, until `stop`.
    pub async fn keep_true(self, bus: Bus, stop: CancellationToken) {
        let mut outage =
            Outage::new("changes of other replicas cannot be heard; look-ups may be 30 s old");
        while !stop.is_cancelled() {
            let ended = tokio::select! {
                ended = self.listen(&bus, &mut outage) => ended,
                () = stop.cancelled() => return,
            };
            let wait = ended.map_or_else(|e| outage.failed(&e), |()| RETRY);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Until the tap ends.
    async fn listen(&self, bus: &Bus, outage: &mut Outage) -> Result<(), bus::Error> {
        let mut tap = bus.tap(&[TenantChanged::TYPE, NumberChanged::TYPE]).await?;
        outage.recovered();
        // What changed before we listened is not known.
        self.clear();
        while let Some(tapped) = tap.next().await {
            let Tapped::Event(envelope) = tapped else {
                self.clear();
                continue;
            };
            if let Ok(changed) = envelope.decode::<NumberChanged>() {
                self.forget(&changed.tenant_id, &changed.number);
            } else if let Ok(changed) = envelope.decode::<TenantChanged>() {
                self.forget(&changed.tenant_id, "");
            }
        }
        Ok(())
    }
}
