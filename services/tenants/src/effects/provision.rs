//! Buying numbers and giving them back: asked of egress, settled by its answer whenever that comes.

use std::time::Duration;

use bus::Bus;
use events::v1::{NumberBought, NumberBuy, NumberRelease, NumberReleased};
use events::{Envelope, Event};
use phone::E164;
use role::{Tx, derive_id};
use store::outbox;
use tracing::warn;

use super::numbers::HELD;
use super::registry::{PendingEvents, Registry, meanwhile};
use crate::app::refusal::Refusal;
use crate::app::settle::{self, Bought};
use crate::db::model::Number;
use crate::db::model::enums::{NumberStatus, SmsApp, TenantStatus, VoiceApp};
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

impl Wanted {
    /// What makes this purchase another one than those that differ from it.
    fn digest(&self) -> String {
        let (number, area_code, country) = match &self.place {
            Place::Number(number) => (number.as_str(), "", ""),
            Place::Area { area_code, country } => ("", area_code.as_str(), country.as_str()),
        };
        let voice = String::from(self.voice.clone());
        derive_id(&[number, area_code, country, &voice, self.sms.as_str()])
    }
}

impl Provision {
    /// Buys a number. It is active at the end, or still provisioning when no answer came in time.
    pub async fn buy(&self, wanted: &Wanted) -> Result<Number, Refusal> {
        let (number, order) = self.begin(wanted).await?;
        match number.status {
            NumberStatus::Provisioning => {}
            NumberStatus::Released => {
                let message = "what this Idempotency-Key bought has been released; use another key";
                return Err(Refusal::conflict("released", message));
            }
            _ => return Ok(number),
        }
        let order_id = order.id.clone();
        match self.ask::<NumberBought>(order).await {
            Some(bought) => self.settle(number, bought, order_id).await,
            None => Ok(number),
        }
    }

    /// The row of the purchase, new or of an earlier attempt, and the order.
    async fn begin(&self, wanted: &Wanted) -> Result<(Number, Envelope), Refusal> {
        let mut tx = self.registry.store.begin().await?;
        match self.enter(&mut tx, wanted).await {
            Ok((number, order, pending)) => {
                // The order is in the outbox as well: should this process die before it has asked, or nobody have
                // heard, it leaves from there after a moment. Egress buys once for each number_id.
                let (relay, now) = (&self.registry.relay, self.registry.clock.now());
                if !pending.is_empty() {
                    relay
                        .put(&mut tx, now, std::slice::from_ref(&order))
                        .await?;
                }
                self.registry.finish(tx, pending).await?;
                Ok((number, order))
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

    async fn enter(
        &self,
        tx: &mut Tx,
        wanted: &Wanted,
    ) -> Result<(Number, Envelope, PendingEvents), Refusal> {
        let registry = &self.registry;
        let tenant = tenants::plain(tx, &wanted.tenant_id).await?;
        let tenant = tenant.ok_or_else(Refusal::no_such_tenant)?;
        if tenant.status == TenantStatus::Suspended {
            let message =
                "the tenant is suspended; nothing is bought for it until an operator lifts that";
            return Err(Refusal::conflict("suspended", message));
        }
        let account = tenants::account_sid(tx, &tenant.id).await?;
        let account = account.unwrap_or_else(|| self.platform_account.clone());
        let id = match &wanted.idempotency_key {
            Some(key) => derive_id(&["number", &tenant.id, key]),
            None => registry.clock.id(),
        };
        let mut pending = PendingEvents::default();
        if let Some(number) = numbers::get(tx, &id).await? {
            // What was asked for is not told by the number: it may have another app by now, and no area.
            let asked = numbers::asked(tx, &id).await?;
            if asked.is_some_and(|asked| asked != wanted.digest()) {
                return Err(Refusal::conflict(
                    "idempotency_key_reused",
                    "another purchase was made with this Idempotency-Key; make a new one up",
                ));
            }
            let order = self.order(wanted, &number, account);
            return Ok((number, order, pending));
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
            suspended_by_operator: false,
            created_at: now,
            updated_at: now,
        };
        numbers::insert(tx, &number).await?;
        numbers::note_asked(tx, &number.id, &wanted.digest()).await?;
        registry.tell_number(&mut pending, &number);
        let order = self.order(wanted, &number, account);
        Ok((number, order, pending))
    }

    fn order(&self, wanted: &Wanted, number: &Number, account_sid: String) -> Envelope {
        let (area_code, country) = match &wanted.place {
            Place::Number(_) => (String::new(), String::new()),
            Place::Area { area_code, country } => (area_code.clone(), country.clone()),
        };
        let command = NumberBuy {
            number_id: number.id.clone(),
            account_sid,
            number: number.number.clone().map(String::from).unwrap_or_default(),
            area_code,
            country,
        };
        self.envelope(&command, &number.tenant_id)
    }

    fn envelope<E: Event>(&self, command: &E, tenant: &str) -> Envelope {
        Envelope::new("trunkline/tenants", &self.registry.clock, command).tenant(tenant)
    }

    async fn settle(
        &self,
        number: Number,
        bought: NumberBought,
        order_id: String,
    ) -> Result<Number, Refusal> {
        let registry = &self.registry;
        let mut tx = registry.store.begin().await?;
        let mut pending = PendingEvents::default();
        let settled = settle::bought(&mut tx, registry.clock.now(), &bought).await?;
        // It was heard, and need not leave once more.
        outbox::done(&mut tx, &[order_id]).await?;
        if let Bought::Active(number) = &settled {
            registry.tell_number(&mut pending, number);
        }
        registry.finish(tx, pending).await?;
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
        if bound.is_some() && number.suspended_by_operator {
            return Err(Refusal::Bound(HELD));
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
        let order = self.envelope(&command, &number.tenant_id);
        match self.ask::<NumberReleased>(order).await {
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
    async fn ask<R: Event>(&self, order: Envelope) -> Option<R> {
        let kind = order.kind.clone();
        match self.bus.request(order, self.patience).await {
            Ok(reply) => reply.decode().ok(),
            Err(e) => {
                warn!(event.kind = kind, error = %e, "no answer about a number yet");
                None
            }
        }
    }
}
