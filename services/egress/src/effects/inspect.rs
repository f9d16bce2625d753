//! What numbers have at Twilio beside what they must have, and setting it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use events::v1::{
    NumberInspect, NumberInspected, NumberPoint, NumberPointed, NumberWebhooks, WantedWebhooks,
};
use role::{Cause, HandlerError, Outcome, Performer};
use twilio_api::{Error, IncomingNumber, NumberFilter};

use crate::accounts::{Account, Accounts};
use crate::webhooks::{Ours, Webhooks};

/// More numbers than an account has.
const MOST: usize = 10_000;
/// As many numbers are asked for one by one; for more, the account's list is read.
const ONE_BY_ONE: usize = 3;

/// Looks at numbers. It changes nothing at Twilio, so the ledger does not know it.
pub(crate) struct Inspect {
    pub accounts: Accounts,
    pub webhooks: Arc<Webhooks>,
}

/// Points a number at us. What is set already is not set again, so the ledger does not know it either.
pub(crate) struct Point {
    pub accounts: Accounts,
    pub webhooks: Arc<Webhooks>,
}

#[async_trait]
impl Performer for Inspect {
    type Command = NumberInspect;
    const NAME: &'static str = "number-inspect";

    /// The requester waits for a moment only, and asks again.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: NumberInspect) -> Result<Outcome, HandlerError> {
        let mut answer = NumberInspected {
            voice_url: self.webhooks.voice.clone(),
            status_callback: self.webhooks.call_status(),
            sms_url: self.webhooks.sms.clone(),
            ..NumberInspected::default()
        };
        match listed(&self.accounts, &query.account_sid, &query.numbers).await {
            Ok(there) => {
                answer.ok = true;
                let compared = query
                    .numbers
                    .iter()
                    .map(|it| compared(&self.webhooks, it, &there));
                answer.numbers = compared.collect();
            }
            Err(reason) => answer.reason = reason,
        }
        Ok(Outcome::nothing().reply(&answer))
    }
}

#[async_trait]
impl Performer for Point {
    type Command = NumberPoint;
    const NAME: &'static str = "number-point";

    /// The reply says why it failed, and the requester decides.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, command: NumberPoint) -> Result<Outcome, HandlerError> {
        let mut answer = NumberPointed::default();
        match self.point(&command).await {
            Ok(webhooks) => {
                answer.ok = true;
                answer.webhooks = Some(webhooks);
            }
            Err((code, reason)) => (answer.code, answer.reason) = (code, reason),
        }
        Ok(Outcome::nothing().reply(&answer))
    }
}

impl Point {
    async fn point(&self, command: &NumberPoint) -> Result<NumberWebhooks, (u32, String)> {
        let wanted = command.number.clone().unwrap_or_default();
        let account = account(&self.accounts, &command.account_sid).await;
        let account = account.map_err(|reason| (0, reason))?;
        let found = find(&account, &wanted.number).await.map_err(|e| told(&e))?;
        let there = found.ok_or_else(|| (0, absent()))?;
        let (settings, wrong) = self.webhooks.differences(ours(&wanted), &there);
        if wrong.is_empty() {
            return Ok(compared(&self.webhooks, &wanted, &[there]));
        }
        let numbers = account.client.incoming_numbers();
        let update = numbers.update(&there.sid, &settings);
        let now = account.ask("numbers.update", update).await;
        let now = now.map_err(|e| told(&e))?;
        Ok(compared(&self.webhooks, &wanted, &[now]))
    }
}

async fn account(accounts: &Accounts, sid: &str) -> Result<Account, String> {
    accounts.of(sid).await.map_err(|_| {
        "no credentials are known for the account; set TWILIO_AUTH_TOKEN, or the tenant's auth_tokens".to_owned()
    })
}

/// What an account has, as far as it matters.
async fn listed(
    accounts: &Accounts,
    sid: &str,
    wanted: &[WantedWebhooks],
) -> Result<Vec<IncomingNumber>, String> {
    let account = account(accounts, sid).await?;
    let words = |e: Error| told(&e).1;
    if wanted.len() > ONE_BY_ONE {
        let list = account.client.incoming_numbers();
        let list = list.list(&NumberFilter::default()).all(MOST);
        return account.ask("numbers.list", list).await.map_err(words);
    }
    let mut all = Vec::new();
    for it in wanted {
        all.extend(find(&account, &it.number).await.map_err(words)?);
    }
    Ok(all)
}

async fn find(account: &Account, number: &str) -> Result<Option<IncomingNumber>, Error> {
    let filter = NumberFilter {
        phone_number: Some(number.to_owned()),
        ..NumberFilter::default()
    };
    let list = account.client.incoming_numbers().list(&filter).all(50);
    let found = account.ask("numbers.list", list).await?;
    // The filter matches parts of numbers as well.
    Ok(found.into_iter().find(|it| it.phone_number == number))
}

fn compared(
    webhooks: &Webhooks,
    wanted: &WantedWebhooks,
    all: &[IncomingNumber],
) -> NumberWebhooks {
    let number = wanted.number.clone();
    let Some(there) = all.iter().find(|it| it.phone_number == number) else {
        return NumberWebhooks {
            number,
            wrong: vec![absent()],
            ..NumberWebhooks::default()
        };
    };
    NumberWebhooks {
        number,
        found: true,
        phone_number_sid: there.sid.clone(),
        voice_url: there.voice_url.clone().unwrap_or_default(),
        status_callback: there.status_callback.clone().unwrap_or_default(),
        sms_url: there.sms_url.clone().unwrap_or_default(),
        wrong: webhooks.differences(ours(wanted), there).1,
    }
}

fn ours(wanted: &WantedWebhooks) -> Ours {
    Ours {
        voice: wanted.voice,
        sms: wanted.sms,
    }
}

fn absent() -> String {
    "it is not in its Twilio account; release it, or give the tenant its account".to_owned()
}

fn told(e: &Error) -> (u32, String) {
    let reason = match e {
        Error::Refused { message, .. } => message.clone(),
        _ => "Twilio does not answer; try again shortly".to_owned(),
    };
    (e.code().unwrap_or_default(), reason)
}
