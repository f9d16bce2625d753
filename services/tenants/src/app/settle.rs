//! What Twilio made of a number that was bought or given back. The answer may come to whoever asked, or late, or
//! twice; whichever comes first settles it.

use async_trait::async_trait;
use clock::Time;
use events::v1::{NumberBought, NumberChanged, NumberRelease, NumberReleased};
use phone::E164;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx};

use crate::db::model::Number;
use crate::db::model::enums::NumberStatus;
use crate::db::numbers;

/// How a purchase ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Bought {
    /// The number serves now.
    Active(Number),
    /// It did before.
    Known(Number),
    /// It was refused; the row is gone.
    Refused,
    /// It was bought after it had been released here, or its row is gone: it has to go back.
    Unwanted,
}

/// Writes down how a purchase ended.
pub async fn bought(tx: &mut Tx, now: Time, event: &NumberBought) -> Result<Bought, store::Error> {
    let Some(mut number) = numbers::get_locked(tx, &event.number_id).await? else {
        return Ok(if event.ok {
            Bought::Unwanted
        } else {
            Bought::Refused
        });
    };
    match (number.status, event.ok) {
        (NumberStatus::Provisioning, true) => {
            number.status = NumberStatus::Active;
            number.sid = Some(event.phone_number_sid.clone()).filter(|sid| !sid.is_empty());
            number.number = E164::parse(&event.number).ok().or(number.number);
            number.updated_at = now;
            numbers::update(tx, &number).await?;
            Ok(Bought::Active(number))
        }
        (NumberStatus::Provisioning, false) => {
            numbers::delete(tx, &number.id).await?;
            numbers::promote(tx, &number.tenant_id, now).await?;
            Ok(Bought::Refused)
        }
        (NumberStatus::Released, true) if number.sid.is_none() => Ok(Bought::Unwanted),
        (NumberStatus::Released, _) => Ok(Bought::Refused),
        _ => Ok(Bought::Known(number)),
    }
}

/// Follows purchases whose answer nobody waited for.
pub struct SettleBought;

#[async_trait]
impl Decider for SettleBought {
    type Event = NumberBought;
    const NAME: &'static str = "number-bought";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: NumberBought,
    ) -> Result<Decision, HandlerError> {
        Ok(match bought(tx, cause.time, &event).await? {
            Bought::Active(number) => Decision::nothing()
                .publish(OutgoingEvent::new(&changed(&number)).tenant(number.tenant_id)),
            Bought::Unwanted => Decision::nothing().publish(&NumberRelease {
                number_id: event.number_id,
                account_sid: event.account_sid,
                phone_number_sid: event.phone_number_sid,
                number: event.number,
            }),
            Bought::Known(_) | Bought::Refused => Decision::nothing(),
        })
    }
}

/// Follows numbers that Twilio has taken back.
pub struct SettleReleased;

#[async_trait]
impl Decider for SettleReleased {
    type Event = NumberReleased;
    const NAME: &'static str = "number-released";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: NumberReleased,
    ) -> Result<Decision, HandlerError> {
        let number = numbers::get_locked(tx, &event.number_id).await?;
        let Some(number) = number.filter(|n| event.ok && n.status != NumberStatus::Released) else {
            return Ok(Decision::nothing());
        };
        let number = released(tx, cause.time, number).await?;
        Ok(Decision::nothing()
            .publish(OutgoingEvent::new(&changed(&number)).tenant(number.tenant_id)))
    }
}

/// Writes down that a number was given back. The tenant's next number becomes primary when it was.
pub async fn released(tx: &mut Tx, now: Time, number: Number) -> Result<Number, store::Error> {
    let number = Number {
        status: NumberStatus::Released,
        primary: false,
        updated_at: now,
        ..number
    };
    numbers::update(tx, &number).await?;
    numbers::promote(tx, &number.tenant_id, now).await?;
    Ok(number)
}

/// What caches are told.
pub fn changed(number: &Number) -> NumberChanged {
    NumberChanged {
        tenant_id: number.tenant_id.clone(),
        number: number.number.clone().map(String::from).unwrap_or_default(),
        status: number.status.as_str().to_owned(),
    }
}
