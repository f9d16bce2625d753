//! Changes: each in one transaction, told to everybody when it has committed.

use std::collections::BTreeMap;
use std::time::Duration;

use api::KeyStore;
use bus::Bus;
use clock::Clock;
use encryption::Sealer;
use events::v1::{FlowDefine, KeyChanged, TenantChanged};
use events::{Envelope, Event};
use futures::future::join_all;
use phone::E164;
use role::{Parts, Relay, Tx};
use store::Store;
use tracing::{info, warn};

use super::expected::Expected;
use super::lookups::{Lookups, Reaches, platform_account};
use super::notify_queues::NotifyQueues;
use crate::app::change::Change;
use crate::app::document::Document;
use crate::app::flows::Flow;
use crate::app::plan::plan;
use crate::app::planned::{Asker, Known, Plan};
use crate::app::refusal::Refusal;
use crate::app::settle;
use crate::app::warnings::warnings;
use crate::db::model::enums::TenantStatus;
use crate::db::model::{Key, Number, Tenant};
use crate::db::{flows, keys, numbers, tenants};

/// More changes than this and the caches are emptied at once.
const MANY: usize = 16;

/// Where tenants, numbers and keys are read and changed. Clones share everything.
#[derive(Clone)]
pub struct Registry {
    pub(super) store: Store,
    pub(super) relay: Relay,
    pub(super) clock: Clock,
    pub(super) sealer: Sealer,
    pub(super) bus: Bus,
    keys: KeyStore,
    lookups: Lookups,
    notify_queues: NotifyQueues,
    reaches: Reaches,
    platform_account: String,
    roles: Vec<&'static str>,
}

/// How long whoever applies a document waits for its flows.
pub(super) const FLOWS_SETTLE: Duration = Duration::from_secs(3);

/// What is told when a transaction has committed.
#[derive(Default)]
pub struct PendingEvents {
    envelopes: Vec<Envelope>,
    touched: Vec<(String, String)>,
    hashes: Vec<String>,
}

impl PendingEvents {
    /// Whether nothing has changed.
    pub(super) fn is_empty(&self) -> bool {
        self.envelopes.is_empty()
    }
}

impl Registry {
    /// Of the role's store.
    pub fn new(
        parts: &Parts,
        store: Store,
        relay: Relay,
        lookups: Lookups,
        notify_queues: NotifyQueues,
    ) -> Self {
        Self {
            store,
            relay,
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            sealer: parts.sealer.clone(),
            keys: parts.keys.clone(),
            lookups,
            notify_queues,
            reaches: Reaches::of(&parts.settings),
            platform_account: platform_account(&parts.settings),
            roles: parts.roles.clone(),
        }
    }

    /// Makes things as a document says, all or nothing, unless its tenants are not as they are expected to be.
    pub async fn apply(
        &self,
        document: &Document,
        bound: Option<&str>,
        expected: Expected,
    ) -> Result<Plan, Refusal> {
        let mut plan = self.apply_all(document, bound, expected).await?;
        self.ask_for_flows(&mut plan).await;
        Ok(plan)
    }

    async fn apply_all(
        &self,
        document: &Document,
        bound: Option<&str>,
        expected: Expected,
    ) -> Result<Plan, Refusal> {
        let exists = |known: &Known| expected.refusal(document, known);
        let mut verified = BTreeMap::new();
        let (tx, planned) = self.judge(document, bound, &verified, exists).await?;
        let listens = self.notify_queues.has_begun() || !planned.as_ref().is_ok_and(tells_tenants);
        let claims = planned
            .as_ref()
            .map_or(&[][..], |plan| plan.claims.as_slice());
        if listens && claims.is_empty() {
            return self.execute(tx, planned).await;
        }
        // Before it is promised, and with no transaction in hand: the bus may be slow or away, and others want to write.
        let claims = claims.to_vec();
        tx.rollback().await?;
        if !listens {
            self.notify_queues.begin().await.map_err(|error| {
                warn!(%error, "a notify_url cannot be taken");
                Refusal::Away("the message bus")
            })?;
        }
        for claim in claims {
            let sid = self.verify(&claim).await?;
            verified.insert(claim.number, sid);
        }
        let (tx, planned) = self.judge(document, bound, &verified, exists).await?;
        self.execute(tx, planned).await
    }

    /// Makes a key; its name has to be new.
    pub async fn make_key(
        &self,
        document: &Document,
        bound: Option<&str>,
    ) -> Result<Plan, Refusal> {
        let exists = |known: &Known| {
            let words = "a key of this name is there already; names are unique";
            (!known.keys.is_empty()).then(|| Refusal::conflict("exists", words))
        };
        let (tx, planned) = self
            .judge(document, bound, &BTreeMap::new(), exists)
            .await?;
        self.execute(tx, planned).await
    }

    /// What would become of a document, unless something stands in its way; and the transaction that has looked.
    async fn judge(
        &self,
        document: &Document,
        bound: Option<&str>,
        verified: &BTreeMap<E164, Option<String>>,
        in_its_way: impl Fn(&Known) -> Option<Refusal>,
    ) -> Result<(Tx, Result<Plan, Refusal>), Refusal> {
        let mut tx = self.store.begin().await?;
        let known = self.known(&mut tx, document).await?;
        let asker = Asker {
            bound,
            verified,
            platform_account: &self.platform_account,
            reach: self.reaches.by(bound.is_none()),
            clock: &self.clock,
        };
        let planned = match in_its_way(&known) {
            Some(refusal) => Err(refusal),
            None => plan(document, &known, &asker).map_err(Refusal::Invalid),
        };
        let planned = planned.map(|mut plan| {
            (plan.warnings, plan.named) = warnings(document, &known, &plan, &self.roles);
            plan
        });
        Ok((tx, planned))
    }

    /// Whether all is as a document says already.
    pub async fn holds(&self, document: &Document, bound: Option<&str>) -> Result<bool, Refusal> {
        let (tx, planned) = self
            .judge(document, bound, &BTreeMap::new(), |_| None)
            .await?;
        tx.rollback().await?;
        let plan = planned?;
        let tenants = plan.tenants.iter().map(|(change, _)| change);
        let numbers = plan.numbers.iter().map(|(change, _)| change);
        Ok(tenants.chain(numbers).all(|it| *it == Change::Unchanged))
    }

    /// Writes a plan and tells of it, or takes the transaction back.
    async fn execute(&self, mut tx: Tx, planned: Result<Plan, Refusal>) -> Result<Plan, Refusal> {
        let plan = match planned {
            Ok(plan) => plan,
            Err(refusal) => {
                tx.rollback().await?;
                return Err(refusal);
            }
        };
        let pending = self.write(&mut tx, &plan).await.map_err(meanwhile)?;
        self.finish(tx, pending).await?;
        Ok(plan)
    }

    async fn write(&self, tx: &mut Tx, plan: &Plan) -> Result<PendingEvents, Refusal> {
        let mut pending = PendingEvents::default();
        for (change, tenant) in plan.tenants.iter().filter(|(c, _)| *c != Change::Unchanged) {
            tenants::put(tx, tenant, *change == Change::Created, &self.sealer).await?;
            self.tell_tenant(&mut pending, &tenant.id);
        }
        for (change, number) in plan.numbers.iter().filter(|(c, _)| *c != Change::Unchanged) {
            match change {
                Change::Created => numbers::insert(tx, number).await?,
                _ => numbers::update(tx, number).await?,
            }
            self.tell_number(&mut pending, number);
        }
        // Told even when it is as it was: an operator may have changed it at interviews, which knows what is new to it.
        for (_, flow) in &plan.flows {
            let now = self.clock.now();
            flows::put(tx, &flow.tenant_id, &flow.name, &flow.digest, now).await?;
            self.tell_flow(&mut pending, flow);
        }
        for (change, key) in plan.keys.iter().filter(|(c, _)| *c != Change::Unchanged) {
            let made = *change == Change::Created;
            keys::put(tx, key, made).await?;
            self.tell_key(&mut pending, &key.hash, made);
        }
        plan.withdrawn
            .iter()
            .for_each(|hash| self.tell_key(&mut pending, hash, false));
        Ok(pending)
    }

    /// Tenants with their secrets, in the order of their ids.
    pub async fn tenants(
        &self,
        after: &str,
        only: Option<&str>,
        limit: i64,
    ) -> Result<Vec<(Tenant, Vec<Number>)>, Refusal> {
        let mut tx = self.store.read().await?;
        let tenants = tenants::page(&mut tx, after, only, limit, &self.sealer).await?;
        let ids: Vec<String> = tenants.iter().map(|tenant| tenant.id.clone()).collect();
        let mut numbers = numbers::concerned(&mut tx, &ids, &[]).await?;
        let mut all = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let (mine, others) = numbers.into_iter().partition(|n| n.tenant_id == tenant.id);
            numbers = others;
            all.push((tenant, mine));
        }
        Ok(all)
    }

    /// One tenant with its secrets.
    pub async fn tenant(&self, id: &str) -> Result<(Tenant, Vec<Number>), Refusal> {
        let found = self.tenants("", Some(id), 1).await?;
        found.into_iter().next().ok_or(Refusal::NotFound("tenant"))
    }

    /// The id of the tenant that there is, where there is exactly one.
    pub async fn only_tenant(&self) -> Result<Option<String>, Refusal> {
        let mut tx = self.store.read().await?;
        Ok(tenants::only(&mut tx, None).await?)
    }

    /// Suspends a tenant or takes it back.
    pub async fn set_tenant_status(&self, id: &str, status: TenantStatus) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        let mut found = tenants::load(&mut tx, &[id.to_owned()], &self.sealer).await?;
        let Some(mut tenant) = found.pop() else {
            tx.rollback().await?;
            return Err(Refusal::NotFound("tenant"));
        };
        if tenant.status == status {
            tx.rollback().await?;
            return Ok(());
        }
        (tenant.status, tenant.updated_at) = (status, self.clock.now());
        tenants::put(&mut tx, &tenant, false, &self.sealer).await?;
        let mut pending = PendingEvents::default();
        self.tell_tenant(&mut pending, id);
        self.finish(tx, pending).await
    }

    /// Keys, in the order of their ids.
    pub async fn keys(
        &self,
        after: &str,
        tenant: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Key>, Refusal> {
        let mut tx = self.store.read().await?;
        Ok(keys::page(&mut tx, after, tenant, limit).await?)
    }

    /// Withdraws a key.
    pub async fn withdraw_key(&self, id: &str, bound: Option<&str>) -> Result<(), Refusal> {
        let mut tx = self.store.begin().await?;
        let key = keys::get(&mut tx, id).await?;
        let Some(key) = key.filter(|key| bound.is_none() || key.tenant.as_deref() == bound) else {
            tx.rollback().await?;
            return Err(Refusal::NotFound("key"));
        };
        keys::delete(&mut tx, id).await?;
        let mut pending = PendingEvents::default();
        self.tell_key(&mut pending, &key.hash, false);
        self.finish(tx, pending).await
    }

    /// Commits, forgets what is no longer true, and tells.
    pub(super) async fn finish(&self, mut tx: Tx, pending: PendingEvents) -> Result<(), Refusal> {
        self.relay
            .put(&mut tx, self.clock.now(), &pending.envelopes)
            .await?;
        tx.commit().await?;
        if !pending.envelopes.is_empty() {
            info!(
                changes = pending.envelopes.len(),
                "tenants, numbers or keys have changed"
            );
        }
        match pending.touched.len() > MANY {
            true => self.lookups.clear(),
            false => pending
                .touched
                .iter()
                .for_each(|(tenant, number)| self.lookups.forget(tenant, number)),
        }
        pending
            .hashes
            .iter()
            .for_each(|hash| self.keys.forget(hash));
        let flows: Vec<Envelope> = pending
            .envelopes
            .iter()
            .filter(|envelope| envelope.kind == FlowDefine::TYPE)
            .cloned()
            .collect();
        self.relay.leave(pending.envelopes);
        self.settle_flows(flows).await;
        Ok(())
    }

    /// Waits a moment until flows that are on their way can be used, so that whoever applied them can name them at once.
    /// The same event is told once more as a question: whoever handled it gives its reply.
    async fn settle_flows(&self, flows: Vec<Envelope>) {
        let asked = flows
            .into_iter()
            .map(|flow| self.bus.request(flow, FLOWS_SETTLE));
        let late = join_all(asked)
            .await
            .iter()
            .filter(|it| it.is_err())
            .count();
        if late > 0 {
            info!(
                late,
                "flows are on their way and can be used a little later"
            );
        }
    }

    pub(super) fn envelope<E: Event>(&self, event: &E) -> Envelope {
        Envelope::new("trunkline/tenants", &self.clock, event)
    }

    fn tell_tenant(&self, pending: &mut PendingEvents, id: &str) {
        let event = TenantChanged {
            tenant_id: id.to_owned(),
        };
        pending.envelopes.push(self.envelope(&event).tenant(id));
        pending.touched.push((id.to_owned(), String::new()));
    }

    pub(super) fn tell_number(&self, pending: &mut PendingEvents, number: &Number) {
        let event = settle::changed(number);
        pending
            .envelopes
            .push(self.envelope(&event).tenant(&number.tenant_id));
        pending.touched.push((event.tenant_id, event.number));
    }

    fn tell_flow(&self, pending: &mut PendingEvents, flow: &Flow) {
        let event = FlowDefine {
            tenant_id: flow.tenant_id.clone(),
            name: flow.name.clone(),
            definition: flow.definition.clone(),
        };
        let envelope = self.envelope(&event);
        pending.envelopes.push(match flow.tenant_id.as_str() {
            "" => envelope,
            tenant => envelope.tenant(tenant),
        });
    }

    fn tell_key(&self, pending: &mut PendingEvents, hash: &str, made: bool) {
        let event = KeyChanged {
            hash: hash.to_owned(),
            made,
        };
        pending.envelopes.push(self.envelope(&event));
        pending.hashes.push(hash.to_owned());
    }
}

/// Whether a tenant will be told of what happens.
fn tells_tenants(plan: &Plan) -> bool {
    let mut tenants = plan.tenants.iter().map(|(_, tenant)| tenant);
    tenants.any(|tenant| tenant.profile.notify_url.is_some())
}

/// Two changes at the same time met at a unique index.
pub(super) fn meanwhile(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Store(e) if e.is_duplicate() => Refusal::conflict(
            "taken",
            "a number, account or key of this request is in use elsewhere, perhaps since a moment ago; look and try again",
        ),
        other => other,
    }
}
