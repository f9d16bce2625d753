//! Buying numbers and giving them back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clock::Time;
use events::Event;
use events::v1::{
    NumberBought, NumberBuy, NumberRelease, NumberReleased, NumberVerified, NumberVerify,
};
use phone::Address;
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer, derive_id};
use tracing::warn;
use twilio_api::{Error, IncomingNumber, NumberFilter, NumberKind, NumberSearch, NumberSettings};

use crate::accounts::{Account, Accounts};
use crate::db::effects::{Entry, State};
use crate::effect::{Done, Doubt, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;
use crate::webhooks::Webhooks;

/// How many numbers that are for sale are tried: others buy too.
const TRIED: u32 = 5;
/// Twilio's codes for a number that another customer of Twilio was faster to buy, or that cannot be bought.
const NOT_FOR_SALE: [u32; 2] = [21421, 21422];

/// Buys numbers.
pub(crate) struct Buy {
    pub runner: EffectRunner,
    pub webhooks: Arc<Webhooks>,
}

#[async_trait]
impl Performer for Buy {
    type Command = NumberBuy;
    const NAME: &'static str = "number-buy";

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, command: NumberBuy) -> Result<Outcome, HandlerError> {
        if command.number_id.is_empty() {
            return Err(HandlerError::Reject("a number without number_id".into()));
        }
        let buying = Buying {
            command: &command,
            cause,
            webhooks: &self.webhooks,
        };
        let entry = self.runner.execute(&buying, cause).await?;
        let ok = entry.state() == State::Done;
        let detail = entry.detail.clone().unwrap_or_default();
        let (number, reason) = if ok {
            (detail, String::new())
        } else {
            (String::new(), detail)
        };
        let bought = NumberBought {
            number_id: command.number_id.clone(),
            ok,
            number,
            phone_number_sid: entry.sid.clone().unwrap_or_default(),
            code: code(&entry),
            reason,
            account_sid: command.account_sid.clone(),
        };
        // The requester may be gone by now, so it is an event as well.
        Ok(Outcome::nothing()
            .reply(&bought)
            .publish(OutgoingEvent::new(&bought).id(outcome_id(
                NumberBought::TYPE,
                &command.number_id,
                &entry,
            ))))
    }
}

/// Says whether a number belongs to an account. It changes nothing at Twilio, so the ledger does not know it.
pub(crate) struct Verify {
    pub accounts: Accounts,
}

#[async_trait]
impl Performer for Verify {
    type Command = NumberVerify;
    const NAME: &'static str = "number-verify";

    /// The requester waits for a moment only, and asks again.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: NumberVerify) -> Result<Outcome, HandlerError> {
        let numbers = match self.listed(&query).await {
            Ok(numbers) => numbers,
            // The requester gets no reply, which is no yes.
            Err(e) => {
                warn!(error = %e, "a number cannot be verified");
                return Ok(Outcome::nothing());
            }
        };
        // The filter matches parts of numbers as well.
        let number = numbers
            .into_iter()
            .find(|it| it.phone_number == query.number);
        Ok(Outcome::nothing().reply(&NumberVerified {
            found: number.is_some(),
            phone_number_sid: number.map(|it| it.sid).unwrap_or_default(),
        }))
    }
}

impl Verify {
    async fn listed(&self, query: &NumberVerify) -> Result<Vec<IncomingNumber>, HandlerError> {
        let account = self.accounts.of(&query.account_sid).await?;
        let filter = NumberFilter {
            phone_number: Some(query.number.clone()),
            ..NumberFilter::default()
        };
        let list = account.client.incoming_numbers().list(&filter).all(PAGE);
        let listed = account.ask("numbers.list", list).await;
        listed.map_err(|e| HandlerError::Retry(e.to_string()))
    }
}

/// Gives numbers back.
pub(crate) struct Release {
    pub runner: EffectRunner,
}

#[async_trait]
impl Performer for Release {
    type Command = NumberRelease;
    const NAME: &'static str = "number-release";

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: NumberRelease,
    ) -> Result<Outcome, HandlerError> {
        if command.number_id.is_empty() {
            return Err(HandlerError::Reject("a number without number_id".into()));
        }
        let releasing = Releasing {
            command: &command,
            cause,
        };
        let entry = self.runner.execute(&releasing, cause).await?;
        let ok = entry.state() == State::Done;
        let released = NumberReleased {
            number_id: command.number_id.clone(),
            ok,
            code: code(&entry),
            reason: entry.detail.clone().filter(|_| !ok).unwrap_or_default(),
        };
        Ok(Outcome::nothing().reply(&released).publish(
            OutgoingEvent::new(&released).id(outcome_id(
                NumberReleased::TYPE,
                &command.number_id,
                &entry,
            )),
        ))
    }
}

fn code(entry: &Entry) -> u32 {
    u32::try_from(entry.code).unwrap_or_default()
}

/// The same for every attempt at one command; another command that tries again has an outcome of its own.
fn outcome_id(kind: &str, id: &str, entry: &Entry) -> String {
    derive_id(&[kind, id, &entry.cause])
}

fn key(kind: &'static str, id: &str, account: &str, number: &str, cause: &Cause) -> EffectKey {
    EffectKey {
        kind,
        id: id.to_owned(),
        tenant_id: cause.tenant.clone().unwrap_or_default(),
        account_sid: account.to_owned(),
        fingerprint: derive_id(&[kind, id]),
        lane: None,
        urgent: true,
        sender: String::new(),
        recipient: if number.is_empty() {
            String::new()
        } else {
            Address::parse(number).redacted()
        },
    }
}

/// Twilio's words go back to the one who asked; they are not logged.
fn refusal(code: u32, words: &str) -> Refusal {
    let detail = if words.is_empty() {
        "twilio refused".to_owned()
    } else {
        words.to_owned()
    };
    Refusal {
        code,
        reason: "refused_by_twilio",
        detail,
    }
}

struct Buying<'a> {
    command: &'a NumberBuy,
    cause: &'a Cause,
    webhooks: &'a Webhooks,
}

impl Buying<'_> {
    fn name(&self) -> String {
        format!("trunkline:{}", self.command.number_id)
    }

    /// What this id has bought already.
    async fn bought(&self, account: &Account) -> Result<Vec<Done>, Error> {
        let filter = NumberFilter {
            friendly_name: Some(self.name()),
            ..NumberFilter::default()
        };
        let list = account.client.incoming_numbers().list(&filter).all(PAGE);
        let numbers = account.ask("numbers.list", list).await?;
        let ours = |number: &IncomingNumber| number.friendly_name.as_ref() == Some(&self.name());
        Ok(numbers.into_iter().filter(ours).map(done).collect())
    }

    async fn candidates(&self, account: &Account) -> Result<Vec<String>, Error> {
        if !self.command.number.is_empty() {
            return Ok(vec![self.command.number.clone()]);
        }
        let country = match self.command.country.as_str() {
            "" => "US",
            country => country,
        };
        let search = NumberSearch {
            area_code: Some(self.command.area_code.clone()).filter(|a| !a.is_empty()),
            voice_enabled: Some(true),
            sms_enabled: Some(true),
            page_size: Some(TRIED),
            ..NumberSearch::default()
        };
        let available = account.client.available_numbers();
        let search = available.search(country, NumberKind::Local, &search);
        let found = account.ask("numbers.search", search).await?;
        Ok(found
            .into_iter()
            .map(|number| number.phone_number)
            .take(TRIED as usize)
            .collect())
    }

    fn settings(&self, number: String) -> NumberSettings {
        let post = || Some("POST".to_owned());
        NumberSettings {
            phone_number: Some(number),
            friendly_name: Some(self.name()),
            voice_url: Some(self.webhooks.voice.clone()),
            voice_method: post(),
            status_callback: Some(self.webhooks.call_status()),
            sms_url: Some(self.webhooks.sms.clone()),
            sms_method: post(),
            ..NumberSettings::default()
        }
    }
}

/// Numbers of one name: one, or a few if something went very wrong.
const PAGE: usize = 50;

#[async_trait]
impl Effect for Buying<'_> {
    fn key(&self) -> EffectKey {
        let NumberBuy {
            number_id,
            account_sid,
            number,
            ..
        } = self.command;
        key(NumberBuy::TYPE, number_id, account_sid, number, self.cause)
    }

    async fn find(&self, account: &Account, _: Time) -> Result<Vec<Done>, Error> {
        self.bought(account).await
    }

    fn doubt(&self) -> Doubt {
        Doubt::Short
    }

    async fn execute(&self, account: &Account) -> Result<Done, Error> {
        // The name outlives the ledger: a number that bears it is not bought again.
        if let Some(done) = self.bought(account).await?.pop() {
            return Ok(done);
        }
        let mut refused = Error::Refused {
            status: 404,
            code: 0,
            message: "there is no number for sale there".to_owned(),
            retry_after: None,
        };
        for number in self.candidates(account).await? {
            let settings = self.settings(number);
            let numbers = account.client.incoming_numbers();
            match account
                .ask("numbers.create", numbers.create(&settings))
                .await
            {
                Ok(number) => return Ok(done(number)),
                Err(e) if e.code().is_some_and(|c| NOT_FOR_SALE.contains(&c)) => refused = e,
                Err(e) => return Err(e),
            }
        }
        Err(refused)
    }

    fn refusal(&self, code: u32, words: &str) -> Refusal {
        refusal(code, words)
    }

    fn may_try_again(&self) -> bool {
        true
    }
}

fn done(number: IncomingNumber) -> Done {
    Done {
        sid: Some(number.sid),
        status: "in-use".to_owned(),
        detail: number.phone_number,
    }
}

struct Releasing<'a> {
    command: &'a NumberRelease,
    cause: &'a Cause,
}

#[async_trait]
impl Effect for Releasing<'_> {
    fn key(&self) -> EffectKey {
        let NumberRelease {
            number_id,
            account_sid,
            number,
            ..
        } = self.command;
        key(
            NumberRelease::TYPE,
            number_id,
            account_sid,
            number,
            self.cause,
        )
    }

    /// To release twice is harmless, so there is nothing to look for.
    async fn find(&self, _: &Account, _: Time) -> Result<Vec<Done>, Error> {
        Ok(Vec::new())
    }

    fn doubt(&self) -> Doubt {
        Doubt::None
    }

    async fn execute(&self, account: &Account) -> Result<Done, Error> {
        let sid = &self.command.phone_number_sid;
        let numbers = account.client.incoming_numbers();
        match account.ask("numbers.delete", numbers.delete(sid)).await {
            Ok(()) => {}
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e),
        }
        Ok(Done {
            sid: None,
            status: "released".to_owned(),
            detail: sid.clone(),
        })
    }

    fn refusal(&self, code: u32, words: &str) -> Refusal {
        refusal(code, words)
    }

    fn may_try_again(&self) -> bool {
        true
    }
}
