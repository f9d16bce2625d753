//! Looking up behind a cache. A fresh entry is used without asking the database; an old one while the database is
//! away.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Tapped};
use clock::Clock;
use events::Event;
use events::v1::{NumberChanged, TenantChanged};
use metrics::counter;
use phone::E164;
use role::seal::Sealer;
use role::settings::Secret;
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::warn;

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
    numbers: Cache<Found>,
    targets: Cache<Posted>,
}

impl Lookups {
    /// `platform_account` is the account of tenants that have none of their own.
    pub fn new(store: Store, clock: Clock, sealer: Sealer, platform_account: String) -> Self {
        let (numbers, targets) = (Cache::new(), Cache::new());
        Self(Arc::new(Inner {
            store,
            clock,
            sealer,
            platform_account,
            numbers,
            targets,
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
            let found = tenants::resolve(&mut tx, number, &self.0.platform_account).await?;
            Ok(found.map(Arc::new))
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
                Some(Arc::new(Target { url, secret }))
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
        warn!(error = %failed, "the database is away; an old look-up is used");
        counter!("tenants_lookups_total", "from" => "stale").increment(1);
        cache.rest(key, now);
        Ok(value)
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
        while !stop.is_cancelled() {
            tokio::select! {
                () = self.listen(&bus) => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Until the tap ends.
    async fn listen(&self, bus: &Bus) {
        let Ok(mut tap) = bus.tap(&[TenantChanged::TYPE, NumberChanged::TYPE]).await else {
            return;
        };
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
    }
}
