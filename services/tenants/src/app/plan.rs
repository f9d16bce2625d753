//! What a document changes in what is there. Nothing is written here: a plan is either whole or a list of faults.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use clock::{Clock, Time};
use encryption::{key_hash, new_key};
use outbound::Reach;
use phone::E164;
use settings::Secret;

use super::change::{Change, change, touched};
use super::circles::{Way, way};
use super::document::{AccountSpec, Document, KeySpec, NumberSpec, TenantSpec};
use super::flows::{Flow, FlowSpec};
use super::forwarding::forwarders;
use super::notification;
use super::planned::{Asker, Claim, Known, Plan};
use super::read::place;
use super::refusal::FieldError;
use crate::db::model::enums::{NumberStatus, SmsApp, TenantStatus, VoiceApp};
use crate::db::model::{Account, Key, Number, Tenant};
use crate::db::tenants::Forwarder;

/// Makes the plan, or says everything that is wrong.
pub fn plan(
    document: &Document,
    known: &Known,
    asker: &Asker<'_>,
) -> Result<Plan, Vec<FieldError>> {
    let mut planning = Planning {
        known,
        bound: asker.bound,
        verified: asker.verified,
        platform_account: asker.platform_account,
        reach: asker.reach,
        forwarders: forwarders(document, known),
        clock: asker.clock,
        now: asker.clock.now(),
        created: 0,
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
    verified: &'a BTreeMap<E164, Option<String>>,
    platform_account: &'a str,
    reach: Reach,
    /// Every number that forwards, as it will be, as far as calls of the document's tenants go.
    forwarders: BTreeMap<E164, Forwarder>,
    clock: &'a Clock,
    now: Time,
    /// How many numbers are new: each is created a microsecond after the one before, so that their order stays.
    created: i64,
    plan: Plan,
    faults: Vec<FieldError>,
}

impl Planning<'_> {
    fn fault(&mut self, path: &str, field: &str, message: impl std::fmt::Display) {
        self.faults
            .push(FieldError::new(place(path, field), message));
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
            .or_else(|| {
                spec.profile
                    .notify_url
                    .as_ref()
                    .map(|_| notification::new_secret())
            });
        let notify_by_operator = self.notified_by_operator(spec, old);
        let tenant = Tenant {
            id: spec.id.clone(),
            status,
            notify_by_operator,
            profile: spec.profile.clone(),
            account: self.account(spec, old),
            notify_secret,
            created_at: old.map_or(self.now, |tenant| tenant.created_at),
            updated_at: old.map_or(self.now, |tenant| tenant.updated_at),
        };
        let account = tenant.account.as_ref().map(|account| account.sid.clone());
        let change = change(old, &tenant);
        self.plan
            .tenants
            .push((change, touched(change, tenant, self.now)));
        self.numbers(spec, account.as_deref());
    }

    /// Whether the address for events is an operator's word. One that is new has to be within the reach of whoever
    /// gives it.
    fn notified_by_operator(&mut self, spec: &TenantSpec, old: Option<&Tenant>) -> bool {
        let Some(url) = &spec.profile.notify_url else {
            return false;
        };
        let same = old.filter(|old| old.profile.notify_url.as_ref() == Some(url));
        if let Some(old) = same {
            return old.notify_by_operator;
        }
        if let Err(refused) = outbound::judge(url, self.reach) {
            self.fault(&spec.path, "notify_url", refused);
        }
        self.bound.is_none()
    }

    fn account(&mut self, spec: &TenantSpec, old: Option<&Tenant>) -> Option<Account> {
        let old = old.and_then(|tenant| tenant.account.clone());
        let (sid, tokens) = match &spec.account {
            AccountSpec::Keep => return old,
            AccountSpec::Remove => return None,
            AccountSpec::Set { sid, tokens } => (sid.clone(), tokens.clone()),
        };
        if sid == self.platform_account {
            let message = "is the platform's own account, whose tokens are settings; leave twilio out, or write twilio: null";
            self.fault(&spec.path, "twilio.account_sid", message);
        }
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

    fn numbers(&mut self, spec: &TenantSpec, account: Option<&str>) {
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
            let number = self.number(&spec.id, account, listed, old);
            after.insert(at.unwrap_or(after.len()), number);
        }
        choose_primary(&mut after, &spec.numbers);
        if after
            .iter()
            .any(|n| n.number.is_some() && n.number == spec.profile.forward_to)
        {
            let message = "is one of the tenant's own numbers; calls would go in circles";
            self.fault(&spec.path, "forward_to", message);
        } else if let Some(to) = &spec.profile.forward_to
            && way(&self.forwarders, &spec.id, to) == Way::Around
        {
            let message = "is a number of this platform that forwards back to this tenant; calls would go in circles";
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

    fn number(
        &mut self,
        tenant: &str,
        account: Option<&str>,
        listed: &NumberSpec,
        old: Option<Number>,
    ) -> Number {
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
        self.created += i64::from(old.is_none());
        let created_at = self.now + TimeDelta::microseconds(self.created);
        let number = old.unwrap_or_else(|| Number {
            id: self.clock.id(),
            number: Some(listed.number.clone()),
            tenant_id: tenant.to_owned(),
            primary: false,
            status,
            voice: VoiceApp::Forward,
            sms: SmsApp::Conversation,
            sid: None,
            suspended_by_operator: false,
            created_at,
            updated_at: created_at,
        });
        if self.bound.is_some() && number.suspended_by_operator && status != number.status {
            let message = "was suspended by an operator, and only operators lift that";
            self.fault(&listed.path, "status", message);
        }
        let suspended_by_operator = status == NumberStatus::Suspended
            && (number.suspended_by_operator
                || (self.bound.is_none() && was != Some(NumberStatus::Suspended)));
        let sid = self.verified_sid(listed, &number, was.is_none(), account);
        Number {
            status,
            suspended_by_operator,
            voice: listed.voice.clone().unwrap_or(number.voice),
            sms: listed.sms.unwrap_or(number.sms),
            sid,
            ..number
        }
    }

    /// The SID of a number. What a tenant says of its own account is looked up at Twilio; numbers of the platform's
    /// account are not a tenant's to take.
    fn verified_sid(
        &mut self,
        listed: &NumberSpec,
        number: &Number,
        is_new: bool,
        account: Option<&str>,
    ) -> Option<String> {
        let said = listed.sid.clone().or_else(|| number.sid.clone());
        if self.bound.is_none() || (!is_new && said == number.sid) {
            return said;
        }
        let Some(account) = account else {
            let message = "is not a tenant's to assign: numbers of the platform's account are assigned by an operator, \
                           or bought at POST /phone-numbers/provision";
            self.fault(&listed.path, if is_new { "number" } else { "sid" }, message);
            return said;
        };
        match self.verified.get(&listed.number) {
            None => {
                let claim = Claim {
                    account: account.to_owned(),
                    number: listed.number.clone(),
                };
                self.plan.claims.push(claim);
            }
            Some(None) => {
                let message = format!("is not a number of the account {account} at Twilio");
                self.fault(&listed.path, "number", message);
            }
            Some(Some(sid)) if listed.sid.as_ref().is_some_and(|said| said != sid) => {
                self.fault(
                    &listed.path,
                    "sid",
                    "is not this number's at Twilio; leave it out",
                );
            }
            Some(Some(sid)) => return Some(sid.clone()),
        }
        said
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
            expires_at: spec
                .expires_at
                .unwrap_or_else(|| old.and_then(|old| old.expires_at)),
            last_used_at: old.and_then(|old| old.last_used_at),
        };
        if spec.expires_at.is_some() && !key.is_valid(self.now) {
            self.fault(
                &spec.path,
                "expires_at",
                "is over already; DELETE withdraws a key",
            );
        }
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
