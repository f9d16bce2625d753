//! What a document changes in what is there. Nothing is written here: a plan is either whole or a list of faults.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use clock::{Clock, Time};
use phone::E164;
use role::seal::{key_hash, new_key};
use role::settings::Secret;

use super::document::{AccountSpec, Document, KeySpec, NumberSpec, TenantSpec, place};
use super::flows::{Flow, FlowSpec};
use super::model::{Account, Key, Number, Tenant};
use super::note;
use super::refusal::Fault;
use super::words::{NumberStatus, SmsApp, TenantStatus, VoiceApp};

/// What is there of all that a document names.
#[derive(Debug, Default)]
pub struct Known {
    /// Tenants by id: those of the document, and those that its flows and keys name.
    pub tenants: BTreeMap<String, Tenant>,
    /// Numbers that are not released: those of its tenants, and those it lists.
    pub numbers: Vec<Number>,
    /// The tenant of each account that it names.
    pub accounts: BTreeMap<String, String>,
    /// Keys by name.
    pub keys: BTreeMap<String, Key>,
    /// The digests of flows that were applied before, by tenant (empty: every tenant) and name.
    pub flows: BTreeMap<(String, String), String>,
}

/// What becomes of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// It is different now.
    Updated,
    /// It is as it was.
    Unchanged,
}

/// Everything that follows from a document.
#[derive(Debug, Default)]
pub struct Plan {
    /// Tenants as they will be.
    pub tenants: Vec<(Change, Tenant)>,
    /// Numbers as they will be.
    pub numbers: Vec<(Change, Number)>,
    /// Flows as they will be.
    pub flows: Vec<(Change, Flow)>,
    /// Keys as they will be.
    pub keys: Vec<(Change, Key)>,
    /// Keys that were made here, by name; they can be shown once.
    pub made: Vec<(String, Secret)>,
    /// Hashes that no longer open anything.
    pub withdrawn: Vec<String>,
    /// Numbers of the tenants that the document does not list; they stay as they are.
    pub unlisted: Vec<E164>,
}

/// Who asks, and when.
pub struct Asker<'a> {
    /// The only tenant that his key may touch; none: all.
    pub bound: Option<&'a str>,
    /// The time, and new ids.
    pub clock: &'a Clock,
}

/// Makes the plan, or says everything that is wrong.
pub fn plan(document: &Document, known: &Known, asker: &Asker<'_>) -> Result<Plan, Vec<Fault>> {
    let mut planning = Planning {
        known,
        bound: asker.bound,
        clock: asker.clock,
        now: asker.clock.now(),
        born: 0,
        plan: Plan::default(),
        faults: Vec::new(),
    };
    for spec in &document.tenants {
        planning.tenant(spec);
    }
    for spec in &document.flows {
        planning.flow(spec, document);
    }
    for spec in &document.keys {
        planning.key(spec, document);
    }
    match planning.faults.is_empty() {
        true => Ok(planning.plan),
        false => Err(planning.faults),
    }
}

struct Planning<'a> {
    known: &'a Known,
    bound: Option<&'a str>,
    clock: &'a Clock,
    now: Time,
    /// How many numbers are new: each is a little younger than the one before, so that their order stays.
    born: i64,
    plan: Plan,
    faults: Vec<Fault>,
}

impl Planning<'_> {
    fn fault(&mut self, path: &str, field: &str, message: impl std::fmt::Display) {
        self.faults.push(Fault::new(place(path, field), message));
    }

    fn tenant(&mut self, spec: &TenantSpec) {
        if self.bound.is_some_and(|bound| bound != spec.id) {
            self.fault(&spec.path, "id", "this key is bound to another tenant");
            return;
        }
        let old = self.known.tenants.get(&spec.id);
        let was = old.map_or(TenantStatus::Active, |tenant| tenant.status);
        let status = spec.status.unwrap_or(was);
        if self.bound.is_some() && status != was {
            self.fault(
                &spec.path,
                "status",
                "cannot be changed with a key that is bound to the tenant",
            );
        }
        let notify_secret = spec
            .notify_secret
            .clone()
            .or_else(|| old.and_then(|tenant| tenant.notify_secret.clone()))
            .or_else(|| spec.profile.notify_url.as_ref().map(|_| note::new_secret()));
        let tenant = Tenant {
            id: spec.id.clone(),
            status,
            profile: spec.profile.clone(),
            account: self.account(spec, old),
            notify_secret,
            created_at: old.map_or(self.now, |tenant| tenant.created_at),
            updated_at: old.map_or(self.now, |tenant| tenant.updated_at),
        };
        let change = change(old, &tenant);
        self.plan
            .tenants
            .push((change, touched(change, tenant, self.now)));
        self.numbers(spec);
    }

    fn account(&mut self, spec: &TenantSpec, old: Option<&Tenant>) -> Option<Account> {
        let old = old.and_then(|tenant| tenant.account.clone());
        let (sid, tokens) = match &spec.account {
            AccountSpec::Keep => return old,
            AccountSpec::Remove => return None,
            AccountSpec::Set { sid, tokens } => (sid.clone(), tokens.clone()),
        };
        if self
            .known
            .accounts
            .get(&sid)
            .is_some_and(|owner| *owner != spec.id)
        {
            self.fault(
                &spec.path,
                "twilio.account_sid",
                "belongs to another tenant",
            );
        }
        if !tokens.is_empty() {
            return Some(Account { sid, tokens });
        }
        let kept = old.filter(|account| account.sid == sid);
        if kept.is_none() {
            self.fault(
                &spec.path,
                "twilio.auth_tokens",
                "is missing; this account is new here",
            );
        }
        kept
    }

    fn numbers(&mut self, spec: &TenantSpec) {
        let known = self.known;
        let mine: Vec<&Number> = known
            .numbers
            .iter()
            .filter(|n| n.tenant_id == spec.id)
            .collect();
        let mut after: Vec<Number> = mine.iter().map(|n| (*n).clone()).collect();
        for listed in &spec.numbers {
            let at = after
                .iter()
                .position(|n| n.number.as_ref() == Some(&listed.number));
            let taken = at.is_none()
                && known
                    .numbers
                    .iter()
                    .any(|n| n.number.as_ref() == Some(&listed.number));
            if taken {
                let message = "belongs to another tenant; release it there first";
                self.fault(&listed.path, "number", message);
                continue;
            }
            let old = at.map(|at| after.remove(at));
            let number = self.number(&spec.id, listed, old);
            after.insert(at.unwrap_or(after.len()), number);
        }
        choose_primary(&mut after, &spec.numbers);
        if after
            .iter()
            .any(|n| n.number.is_some() && n.number == spec.profile.forward_to)
        {
            let message = "is one of the tenant's own numbers; calls would go in circles";
            self.fault(&spec.path, "forward_to", message);
        }
        for number in after {
            let old = mine.iter().copied().find(|old| old.id == number.id);
            let change = change(old, &number);
            let listed = spec
                .numbers
                .iter()
                .any(|n| Some(&n.number) == number.number.as_ref());
            if !listed {
                self.plan.unlisted.extend(number.number.clone());
            }
            if listed || change != Change::Unchanged {
                self.plan
                    .numbers
                    .push((change, touched(change, number, self.now)));
            }
        }
    }

    fn number(&mut self, tenant: &str, listed: &NumberSpec, old: Option<Number>) -> Number {
        let was = old.as_ref().map(|n| n.status);
        let status = listed.status.or(was).unwrap_or(NumberStatus::Active);
        let known = was.is_some_and(|was| {
            was == status || (was.may_become(status) && status != NumberStatus::Released)
        });
        let new = was.is_none() && matches!(status, NumberStatus::Active | NumberStatus::Suspended);
        if !known && !new {
            let message = format!(
                "cannot be {} here, it is {}; /phone-numbers has routes that provision and release",
                status.as_str(),
                was.map_or("new", NumberStatus::as_str),
            );
            self.fault(&listed.path, "status", message);
        }
        self.born += i64::from(old.is_none());
        let born = self.now + TimeDelta::microseconds(self.born);
        let number = old.unwrap_or_else(|| Number {
            id: self.clock.id(),
            number: Some(listed.number.clone()),
            tenant_id: tenant.to_owned(),
            primary: false,
            status,
            voice: VoiceApp::Forward,
            sms: SmsApp::Conversation,
            sid: None,
            created_at: born,
            updated_at: born,
        });
        Number {
            status,
            voice: listed.voice.clone().unwrap_or(number.voice),
            sms: listed.sms.unwrap_or(number.sms),
            sid: listed.sid.clone().or(number.sid),
            ..number
        }
    }

    /// Whether a flow or key may be of this tenant, or of all.
    fn may_be_of(&mut self, path: &str, tenant: Option<&str>, document: &Document) -> bool {
        if let Some(bound) = self.bound
            && tenant != Some(bound)
        {
            let message = format!("must be {bound}: this key is bound to it");
            self.fault(path, "tenant", message);
            return false;
        }
        let named = |tenant: &str| {
            self.known.tenants.contains_key(tenant)
                || document.tenants.iter().any(|t| t.id == tenant)
        };
        if tenant.is_some_and(|tenant| !named(tenant)) {
            self.fault(path, "tenant", "there is no such tenant");
            return false;
        }
        true
    }

    fn flow(&mut self, spec: &FlowSpec, document: &Document) {
        if !self.may_be_of(&spec.path, spec.tenant.as_deref(), document) {
            return;
        }
        let flow = Flow::of(spec);
        let known = (flow.tenant_id.clone(), flow.name.clone());
        let change = flow.change(self.known.flows.get(&known));
        self.plan.flows.push((change, flow));
    }

    fn key(&mut self, spec: &KeySpec, document: &Document) {
        if !self.may_be_of(&spec.path, spec.tenant.as_deref(), document) {
            return;
        }
        let old = self.known.keys.get(&spec.name);
        if self.bound.is_some() && old.is_some_and(|old| old.tenant != spec.tenant) {
            self.fault(&spec.path, "name", "is taken");
            return;
        }
        let made = (spec.key.is_none() && old.is_none()).then(|| Secret::new(new_key("tk_")));
        let given = spec
            .key
            .as_ref()
            .or(made.as_ref())
            .map(|key| key_hash(key.reveal()));
        let key = Key {
            id: old.map_or_else(|| self.clock.id(), |old| old.id.clone()),
            name: spec.name.clone(),
            tenant: spec.tenant.clone(),
            scopes: spec.scopes.clone(),
            hash: given
                .or_else(|| old.map(|old| old.hash.clone()))
                .unwrap_or_default(),
            created_at: old.map_or(self.now, |old| old.created_at),
        };
        let gone = old
            .map(|old| old.hash.clone())
            .filter(|hash| *hash != key.hash);
        self.plan.withdrawn.extend(gone);
        self.plan
            .made
            .extend(made.map(|made| (spec.name.clone(), made)));
        self.plan.keys.push((change(old, &key), key));
    }
}

/// One number is primary: the one that says so, else the one that was, else the first.
fn choose_primary(numbers: &mut [Number], listed: &[NumberSpec]) {
    let said = |n: &Number| {
        let spec = listed
            .iter()
            .find(|spec| Some(&spec.number) == n.number.as_ref());
        spec.and_then(|spec| spec.primary)
    };
    let chosen = numbers
        .iter()
        .position(|n| said(n) == Some(true))
        .or_else(|| {
            numbers
                .iter()
                .position(|n| n.primary && said(n) != Some(false))
        })
        .or_else(|| numbers.iter().position(|n| said(n) != Some(false)))
        .unwrap_or(0);
    for (at, number) in numbers.iter_mut().enumerate() {
        number.primary = at == chosen;
    }
}

fn change<T: PartialEq>(old: Option<&T>, new: &T) -> Change {
    match old {
        None => Change::Created,
        Some(old) if old == new => Change::Unchanged,
        Some(_) => Change::Updated,
    }
}

/// A thing that notes when it changed.
trait Touch {
    fn touch(&mut self, now: Time);
}

impl Touch for Tenant {
    fn touch(&mut self, now: Time) {
        self.updated_at = now;
    }
}

impl Touch for Number {
    fn touch(&mut self, now: Time) {
        self.updated_at = now;
    }
}

fn touched<T: Touch>(change: Change, mut it: T, now: Time) -> T {
    if change == Change::Updated {
        it.touch(now);
    }
    it
}
