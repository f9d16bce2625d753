//! Who asked for silence: one row for each customer of a tenant that we have dealt with.
//!
//! The row is also the customer's lock. Whoever decides about him takes it first, so that two missed calls at the
//! same moment, or a missed call and a STOP, are decided one after the other.

use store::prelude::*;
use store::types::Time;
use store::{Error, Tx, on};

use super::schema::opt_outs;
use super::schema::opt_outs::dsl;

/// A customer's wish.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = opt_outs, treat_none_as_default_value = false)]
pub struct OptOut {
    /// The business he deals with.
    pub tenant_id: String,
    /// His address.
    pub customer: String,
    /// Whether he wants no texts.
    pub opted_out: bool,
    /// When he said so; none as long as he has not.
    pub changed_at: Option<Time>,
}

/// What we go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// His word, or Twilio's, of this time. The latest counts; of two at once the one for silence.
    At(clock::Time),
    /// A guard of ours said so, who knows it from others: counts until somebody knows better.
    Hearsay,
}

/// Takes the customer's row, made if it is new, until the transaction ends.
pub async fn opt_out_lock(tx: &mut Tx, tenant: &str, customer: &str) -> Result<OptOut, Error> {
    let new = OptOut {
        tenant_id: tenant.to_owned(),
        customer: customer.to_owned(),
        opted_out: false,
        changed_at: None,
    };
    Ok(on!(tx, c => diesel::insert_into(opt_outs::table)
        .values(&new)
        .on_conflict((dsl::tenant_id, dsl::customer))
        .do_update()
        .set(dsl::customer.eq(excluded(dsl::customer)))
        .returning(opt_outs::all_columns)
        .cached()
        .get_result::<OptOut>(c)
        .await)?)
}

/// Notes what the customer wants, unless we know better. Says whether it is news for others: another wish than
/// before, or the first that we hear of.
pub async fn opt_out_set(
    tx: &mut Tx,
    locked: &OptOut,
    opted_out: bool,
    evidence: Evidence,
) -> Result<bool, Error> {
    let changed_at = match (evidence, locked.changed_at) {
        (Evidence::Hearsay, Some(_)) => return Ok(false),
        (Evidence::Hearsay, None) => None,
        (Evidence::At(at), Some(known)) if at < known.0 => return Ok(false),
        (Evidence::At(at), Some(known)) if at == known.0 && !opted_out => return Ok(false),
        (Evidence::At(at), _) => Some(Time(at)),
    };
    on!(tx, c => diesel::update(dsl::opt_outs.find((&locked.tenant_id, &locked.customer)))
        .set((dsl::opted_out.eq(opted_out), dsl::changed_at.eq(changed_at)))
        .cached()
        .execute(c)
        .await)?;
    Ok(locked.opted_out != opted_out || locked.changed_at.is_none())
}
