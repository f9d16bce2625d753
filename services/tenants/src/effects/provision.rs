//! Buying numbers and giving them back: asked of egress, settled by its answer whenever that comes.

use std::time::Duration;

use bus::Bus;
use events::v1::{NumberBought, NumberBuy, NumberRelease, NumberReleased};
use events::{Envelope, Event};
use phone::E164;
use role::{Tx, derive_id};
use tracing::warn;

use super::registry::{News, Registry, meanwhile};
use crate::app::model::Number;
use crate::app::refusal::Refusal;
use crate::app::settle::{self, Bought};
use crate::app::words::{NumberStatus, SmsApp, VoiceApp};
use crate::db::{numbers, tenants};

/// Buys and gives back.
#[derive(Clone)]
pub struct Provision {
    /// Where it is written down.
    pub registry: Registry,
    /// Where egress is asked.
    pub bus: Bus,
    /// The account of tenants that have none of their own.
    pub platform_account: String,
    /// How long whoever asked waits with us.
    pub patience: Duration,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// For whom.
    pub tenant_id: String,
    /// This one, or any of the area.
    pub place: Place,
    /// Who answers its calls.
    pub voice: VoiceApp,
    /// Who answers its messages.
    pub sms: SmsApp,
    /// The caller's word for this purchase: a repeat is the same purchase.
    pub idempotency_key: Option<String>,
}

/// Which number is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// This one.
    Number(E164),
    /// Any of an area.
    Area {
        /// Such as 415.
        area_code: String,
        /// ISO 3166, two letters.
        country: String,
    },
}

impl Provision {
    /// Buys a number. It is active at the end, or still provisioning when no answer came in time.
    pub async fn buy(&self, wanted: &Wanted) -> Result<Number, Refusal> {
        let (number, account) = self.begin(wanted).await?;
        match number.status {
            NumberStatus::Provisioning => {}
            NumberStatus::Released => {
                let message = "what this Idempotency-Key bought has been released; use another key";
                return Err(Refusal::conflict("released", message));
            }
            _ => return Ok(number),
        }
        let (area_code, country) = match &wanted.place {
            Place::Number(_) => (String::new(), String::new()),
            Place::Area { area_code, country } => (area_code.clone(), country.clone()),
        };
        let command = NumberBuy {
            number_id: number.id.clone(),
            account_sid: account,
            number: number.number.clone().map(String::from).unwrap_or_default(),
            area_code,
            country,
        };
        match self
            .ask::<_, NumberBought>(&command, &number.tenant_id)
            .await
        {
            Some(bought) => self.settle(number, bought).await,
            None => Ok(number),
        }
    }

    /// The row of the purchase, new or of an earlier attempt, and the account that pays.
    async fn begin(&self, wanted: &Wanted) -> Result<(Number, String), Refusal> {
        let mut tx = self.registry.store.begin().await?;
        match self.enter(&mut tx, wanted).await {
            Ok((number, account, news)) => {
                self.registry.finish(tx, news).await?;
                Ok((number, account))
            }
            Err(refusal) => {
                // A failed statement leaves the transaction unusable; dropping it closes the connection.
                if !matches!(refusal, Refusal::Store(_)) {
                    tx.rollback().await?;
                }
                Err(meanwhile(refusal))
            }
        }
    }

    async fn enter(&self, tx: &mut Tx, wanted: &Wanted) -> Result<(Number, String, News), Refusal> {
        let registry = &self.registry;
        let tenant = tenants::plain(tx, &wanted.tenant_id).await?;
        let tenant = tenant.ok_or(Refusal::NotFound("tenant"))?;
        let account = tenants::account_sid(tx, &tenant.id).await?;
        let account = account.unwrap_or_else(|| self.platform_account.clone());
        let id = match &wanted.idempotency_key {
            Some(key) => derive_id(&["number", &tenant.id, key]),
            None => registry.clock.id(),
        };
        let mut news = News::default();
        if let Some(number) = numbers::get(tx, &id).await? {
            return Ok((number, account, news));
        }
        let given = match &wanted.place {
            Place::Number(number) => Some(number.clone()),
            Place::Area { .. } => None,
        };
        if let Some(number) = &given
            && numbers::live(tx, number.as_str()).await?.is_some()
        {
            return Err(Refusal::conflict(
                "taken",
                "this number is in use on this platform already",
            ));
        }
        let others = numbers::concerned(tx, std::slice::from_ref(&tenant.id), &[]).await?;
        let now = registry.clock.now();
        let number = Number {
            id,
            number: given,
            tenant_id: tenant.id,
            primary: others.is_empty(),
            status: NumberStatus::Provisioning,
            voice: wanted.voice.clone(),
            sms: wanted.sms,
            sid: None,
            created_at: now,
            updated_at: now,
        };
        numbers::insert(tx, &number).await?;
        registry.tell_number(&mut news, &number);
        Ok((number, account, news))
    }

    async fn settle(&self, number: Number, bought: NumberBought) -> Result<Number, Refusal> {
        let registry = &self.registry;
        let mut tx = registry.store.begin().await?;
        let mut news = News::default();
        let settled = settle::bought(&mut tx, registry.clock.now(), &bought).await?;
        if let Bought::Active(number) = &settled {
            registry.tell_number(&mut news, number);
        }
        registry.finish(tx, news).await?;
        match settled {
            Bought::Active(number) | Bought::Known(number) => Ok(number),
            // It was settled as a fact before: this is what came of it.
            Bought::Unwanted | Bought::Refused if bought.ok => {
                Ok(registry.number(&number.id, None).await?.0)
            }
            Bought::Unwanted | Bought::Refused => Err(Refusal::Twilio {
                code: bought.code,
                reason: bought.reason,
            }),
        }
    }

    /// Gives a number back. It is released at the end, or as it was when no answer came in time.
    pub async fn release(&self, id: &str, bound: Option<&str>) -> Result<Number, Refusal> {
        let (number, _) = self.registry.number(id, bound).await?;
        if number.status == NumberStatus::Released {
            return Ok(number);
        }
        let Some(sid) = number.sid.clone() else {
            return self
                .registry
                .set_number_status(id, NumberStatus::Released, bound)
                .await;
        };
        let mut tx = self.registry.store.read().await?;
        let account = tenants::account_sid(&mut tx, &number.tenant_id).await?;
        drop(tx);
        let command = NumberRelease {
            number_id: number.id.clone(),
            account_sid: account.unwrap_or_else(|| self.platform_account.clone()),
            phone_number_sid: sid,
            number: number.number.clone().map(String::from).unwrap_or_default(),
        };
        match self
            .ask::<_, NumberReleased>(&command, &number.tenant_id)
            .await
        {
            Some(released) if released.ok => {
                self.registry
                    .set_number_status(id, NumberStatus::Released, bound)
                    .await
            }
            Some(refused) => Err(Refusal::Twilio {
                code: refused.code,
                reason: refused.reason,
            }),
            None => Ok(number),
        }
    }

    /// `None`: it was not, or not yet, answered.
    async fn ask<C: Event, R: Event>(&self, command: &C, tenant: &str) -> Option<R> {
        let envelope =
            Envelope::new("trunkline/tenants", &self.registry.clock, command).tenant(tenant);
        match self.bus.request(envelope, self.patience).await {
            Ok(reply) => reply.decode().ok(),
            Err(e) => {
                warn!(event.kind = C::TYPE, error = %e, "no answer about a number yet");
                None
            }
        }
    }
}
