//! What has to be known before a document is judged: what is there, and what others say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use events::v1::{FlowFound, FlowQuery, NumberVerified, NumberVerify};
use futures::future::join_all;
use phone::E164;
use role::Tx;

use super::registry::{FLOWS_SETTLE, Registry};
use crate::app::circles::FARTHEST;
use crate::app::document::{AccountSpec, Document};
use crate::app::planned::{Claim, Known, Plan};
use crate::app::refusal::Refusal;
use crate::db::tenants::Forwarder;
use crate::db::{flows, keys, numbers, tenants};

/// How long whoever claims a number waits for Twilio.
const VERIFY: Duration = Duration::from_secs(10);

impl Registry {
    /// The SID of a number at Twilio; none: it is not of this account.
    pub(super) async fn verify(&self, claim: &Claim) -> Result<Option<String>, Refusal> {
        let query = NumberVerify {
            account_sid: claim.account.clone(),
            number: claim.number.to_string(),
        };
        let answer = self.bus.request(self.envelope(&query), VERIFY).await;
        let answer = answer
            .ok()
            .and_then(|it| it.decode::<NumberVerified>().ok());
        let answer = answer.ok_or(Refusal::Away(
            "what says whether a number belongs to this account (apply the account first, or look whether Twilio answers)",
        ))?;
        Ok(answer.found.then_some(answer.phone_number_sid))
    }

    pub(super) async fn known(&self, tx: &mut Tx, document: &Document) -> Result<Known, Refusal> {
        let of_keys = document.keys.iter().filter_map(|key| key.tenant.clone());
        let of_flows = document.flows.iter().filter_map(|flow| flow.tenant.clone());
        let ids: BTreeSet<String> = document
            .tenants
            .iter()
            .map(|t| t.id.clone())
            .chain(of_flows)
            .chain(of_keys)
            .collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let specs = document.tenants.iter();
        let listed: Vec<String> = specs
            .clone()
            .flat_map(|t| &t.numbers)
            .map(|n| n.number.to_string())
            .collect();
        let sids: Vec<String> = specs
            .filter_map(|tenant| match &tenant.account {
                AccountSpec::Set { sid, .. } => Some(sid.clone()),
                _ => None,
            })
            .collect();
        let names: Vec<String> = document.keys.iter().map(|key| key.name.clone()).collect();
        let called: Vec<String> = document.flows.iter().map(|f| f.name.clone()).collect();
        let found = tenants::load(tx, &ids, &self.sealer).await?;
        let keys = keys::named(tx, &names).await?;
        Ok(Known {
            forwarders: forwarders(tx, document).await?,
            tenants: found
                .into_iter()
                .map(|tenant| (tenant.id.clone(), tenant))
                .collect(),
            numbers: numbers::concerned(tx, &ids, &listed).await?,
            accounts: tenants::owners(tx, &sids).await?.into_iter().collect(),
            flows: flows::digests(tx, &called).await?.into_iter().collect(),
            keys: keys
                .into_iter()
                .map(|key| (key.name.clone(), key))
                .collect(),
        })
    }

    /// Flows that were not applied may have been made at interviews. Who does not answer in time is believed.
    pub(super) async fn ask_for_flows(&self, plan: &mut Plan) {
        let named = std::mem::take(&mut plan.named);
        let asked = named.iter().map(|it| {
            let (tenant_id, name) = (it.tenant.clone(), it.flow.clone());
            let query = self.envelope(&FlowQuery { tenant_id, name });
            self.bus.request(query, FLOWS_SETTLE)
        });
        for (it, answer) in named.iter().zip(join_all(asked).await) {
            let Some(found) = answer.ok().and_then(|it| it.decode::<FlowFound>().ok()) else {
                continue;
            };
            let kind = found.found.then_some(found.kind.as_str());
            plan.warnings.extend(it.judged(kind));
        }
    }
}

/// Where calls go on that are forwarded to a number of this platform, and on from there.
async fn forwarders(
    tx: &mut Tx,
    document: &Document,
) -> Result<BTreeMap<E164, Forwarder>, Refusal> {
    let mut all = BTreeMap::new();
    let specs = document.tenants.iter();
    let mut next: Vec<E164> = specs
        .filter_map(|it| it.profile.forward_to.clone())
        .collect();
    for _ in 0..FARTHEST {
        next.retain(|number| !all.contains_key(number));
        if next.is_empty() {
            break;
        }
        let asked: Vec<String> = next.iter().map(E164::to_string).collect();
        let found = tenants::forwarders(tx, &asked).await?;
        next = found.iter().filter_map(|(_, it)| it.to.clone()).collect();
        all.extend(found);
    }
    Ok(all)
}
