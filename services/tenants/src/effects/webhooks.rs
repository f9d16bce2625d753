//! What numbers have at Twilio beside what they must have: asked of egress, account by account.

use std::collections::BTreeMap;
use std::time::Duration;

use events::v1::{
    NumberInspect, NumberInspected, NumberPoint, NumberPointed, NumberWebhooks, WantedWebhooks,
};
use futures::future::join_all;

use super::provision::Provision;
use crate::app::refusal::Refusal;
use crate::db::model::Number;
use crate::db::model::enums::{NumberStatus, SmsApp, VoiceApp};
use crate::db::tenants;

/// How long whoever looks at numbers waits for Twilio.
const LOOK: Duration = Duration::from_secs(10);
/// The same for one that is set.
const SET: Duration = Duration::from_secs(20);

/// What a number has at Twilio.
#[derive(Debug, Clone)]
pub struct Health {
    /// The number.
    pub number: Number,
    /// What it must have: calls, their ends, texts. Empty where egress has not answered.
    pub expected: [String; 3],
    /// What Twilio has; none: it was not asked, or did not answer.
    pub there: Option<NumberWebhooks>,
    /// Why nothing is known.
    pub reason: String,
}

impl Provision {
    /// Looks at numbers that are in use, in the order of their ids.
    pub async fn health(&self, numbers: Vec<Number>) -> Result<Vec<Health>, Refusal> {
        let mut by_account: BTreeMap<String, Vec<Number>> = BTreeMap::new();
        for number in numbers.into_iter().filter(in_use) {
            let account = self.account_of(&number.tenant_id).await?;
            by_account.entry(account).or_default().push(number);
        }
        let asked = by_account
            .into_iter()
            .map(|(account, numbers)| self.look(account, numbers));
        let mut all: Vec<Health> = join_all(asked).await.into_iter().flatten().collect();
        all.sort_by(|a, b| a.number.id.cmp(&b.number.id));
        Ok(all)
    }

    async fn look(&self, account_sid: String, numbers: Vec<Number>) -> Vec<Health> {
        let query = NumberInspect {
            account_sid,
            numbers: numbers.iter().map(wanted).collect(),
        };
        let answer = self
            .registry
            .bus
            .request(self.registry.envelope(&query), LOOK)
            .await;
        let answer = answer
            .ok()
            .and_then(|it| it.decode::<NumberInspected>().ok());
        let answer = answer.unwrap_or_else(|| NumberInspected {
            reason: "the role egress does not answer; try again shortly".to_owned(),
            ..NumberInspected::default()
        });
        let health = |number: Number| {
            let text = number.number.as_ref().map(ToString::to_string);
            let there = answer
                .numbers
                .iter()
                .find(|it| Some(&it.number) == text.as_ref());
            Health {
                expected: [&answer.voice_url, &answer.status_callback, &answer.sms_url]
                    .map(String::clone),
                there: there.cloned(),
                reason: answer.reason.clone(),
                number,
            }
        };
        numbers.into_iter().map(health).collect()
    }

    /// Points a number at us.
    pub async fn point(&self, id: &str, bound: Option<&str>) -> Result<Health, Refusal> {
        let (number, _) = self.registry.number(id, bound).await?;
        if !in_use(&number) {
            let message = "the number is not in use: it is being bought, or was released";
            return Err(Refusal::conflict("not_in_use", message));
        }
        let command = NumberPoint {
            account_sid: self.account_of(&number.tenant_id).await?,
            number: Some(wanted(&number)),
        };
        let order = self.registry.envelope(&command).tenant(&number.tenant_id);
        let answer = self.registry.bus.request(order, SET).await;
        let answer = answer.ok().and_then(|it| it.decode::<NumberPointed>().ok());
        let answer = answer.ok_or(Refusal::Away("what sets a number's webhooks at Twilio"))?;
        match answer.ok {
            true => Ok(Health {
                number,
                expected: Default::default(),
                there: answer.webhooks,
                reason: String::new(),
            }),
            false => Err(Refusal::Twilio {
                code: answer.code,
                reason: answer.reason,
            }),
        }
    }

    async fn account_of(&self, tenant: &str) -> Result<String, Refusal> {
        let mut tx = self.registry.store.read().await?;
        let account = tenants::account_sid(&mut tx, tenant).await?;
        Ok(account.unwrap_or_else(|| self.platform_account.clone()))
    }
}

/// Whether Twilio is to know of us: suspended ones too, since their callers hear that they are.
fn in_use(number: &Number) -> bool {
    let live = matches!(
        number.status,
        NumberStatus::Active | NumberStatus::Suspended
    );
    live && number.number.is_some()
}

fn wanted(number: &Number) -> WantedWebhooks {
    WantedWebhooks {
        number: number.number.clone().map(String::from).unwrap_or_default(),
        voice: number.voice != VoiceApp::None,
        sms: number.sms != SmsApp::None,
    }
}
