//! Numbers in the registry: found, listed, moved from state to state.

use role::Tx;

use super::registry::{PendingEvents, Registry};
use crate::app::refusal::Refusal;
use crate::app::settle;
use crate::db::model::enums::NumberStatus;
use crate::db::model::{Number, Tenant};
use crate::db::{numbers, tenants};

/// What a tenant hears that would lift what an operator has done.
pub(super) const HELD: &str = "an operator has suspended this number, and only operators lift that";

impl Registry {
    /// One number with its tenant, which has to be the caller's.
    pub async fn number(&self, id: &str, bound: Option<&str>) -> Result<(Number, Tenant), Refusal> {
        let mut tx = self.store.read().await?;
        let number = numbers::get(&mut tx, id).await?;
        with_tenant(&mut tx, number, bound).await
    }

    /// The same, by the E.164 text.
    pub async fn lookup(
        &self,
        number: &str,
        bound: Option<&str>,
    ) -> Result<(Number, Tenant), Refusal> {
        let mut tx = self.store.read().await?;
        let number = numbers::live(&mut tx, number).await?;
        with_tenant(&mut tx, number, bound).await
    }

    /// Numbers, released ones too, in the order of their ids.
    pub async fn numbers(
        &self,
        after: &str,
        tenant: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Number>, Refusal> {
        let mut tx = self.store.read().await?;
        Ok(numbers::page(&mut tx, after, tenant, limit).await?)
    }

    /// Moves a number to another state, where that can be.
    pub async fn set_number_status(
        &self,
        id: &str,
        status: NumberStatus,
        bound: Option<&str>,
    ) -> Result<Number, Refusal> {
        let mut tx = self.store.begin().await?;
        let number = numbers::get_locked(&mut tx, id).await?;
        let number = number.filter(|number| bound.is_none_or(|bound| bound == number.tenant_id));
        let checked = number
            .ok_or(Refusal::NotFound("phone number"))
            .and_then(|n| movable(n, status))
            .and_then(|n| match bound.is_some() && n.suspended_by_operator {
                true if status != n.status => Err(Refusal::Bound(HELD)),
                _ => Ok(n),
            });
        let number = match checked {
            Ok(number) if number.status == status && !takes_over(&number, bound) => {
                tx.rollback().await?;
                return Ok(number);
            }
            Ok(number) => number,
            Err(refusal) => {
                tx.rollback().await?;
                return Err(refusal);
            }
        };
        let now = self.clock.now();
        let number = if status == NumberStatus::Released {
            settle::released(&mut tx, now, number).await?
        } else {
            let number = Number {
                status,
                suspended_by_operator: status == NumberStatus::Suspended && bound.is_none(),
                updated_at: now,
                ..number
            };
            numbers::update(&mut tx, &number).await?;
            number
        };
        let mut pending = PendingEvents::default();
        self.tell_number(&mut pending, &number);
        self.finish(tx, pending).await?;
        Ok(number)
    }
}

/// Whether an operator suspends what the tenant has suspended itself.
fn takes_over(number: &Number, bound: Option<&str>) -> bool {
    number.status == NumberStatus::Suspended && bound.is_none() && !number.suspended_by_operator
}

async fn with_tenant(
    tx: &mut Tx,
    number: Option<Number>,
    bound: Option<&str>,
) -> Result<(Number, Tenant), Refusal> {
    let number = number.filter(|number| bound.is_none_or(|bound| bound == number.tenant_id));
    let number = number.ok_or(Refusal::NotFound("phone number"))?;
    let tenant = tenants::plain(tx, &number.tenant_id).await?;
    tenant
        .map(|tenant| (number, tenant))
        .ok_or(Refusal::NotFound("phone number"))
}

/// Whether a number may go to this state.
fn movable(number: Number, status: NumberStatus) -> Result<Number, Refusal> {
    if status == NumberStatus::Active && number.number.is_none() {
        return Err(Refusal::conflict(
            "not_bought",
            "the number is still being bought; it becomes active by itself",
        ));
    }
    if number.status.may_become(status) {
        return Ok(number);
    }
    let allowed: Vec<&str> = number
        .status
        .next()
        .iter()
        .map(|next| next.as_str())
        .collect();
    let allowed = if allowed.is_empty() {
        "nothing else".to_owned()
    } else {
        allowed.join(" or ")
    };
    let message = format!(
        "the number is {}; it can become {allowed}",
        number.status.as_str()
    );
    Err(Refusal::conflict("not_allowed", message))
}
