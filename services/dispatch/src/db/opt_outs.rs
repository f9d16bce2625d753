//! Who asked for silence: one row for each customer of a tenant that we have dealt with.
//!
//! The row is also the customer's lock. Whoever decides about a customer takes it first, so that two missed calls at the
//! same moment, or a missed call and a STOP, are decided one after the other.

use store::prelude::*;
use store::types::Time;
use store::{Error, Tx, on};

use super::schema::opt_outs::dsl;
use super::schema::{opt_out_evidence, opt_outs};

/// A customer's wish.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = opt_outs, treat_none_as_default_value = false)]
pub struct OptOut {
    /// The business that they deal with.
    pub tenant_id: String,
    /// Their address.
    pub customer: String,
    /// Whether they want no texts.
    pub opted_out: bool,
    /// When they said so; none as long as they have not.
    pub changed_at: Option<Time>,
    /// Whether the business wants to hear nothing of the customer.
    pub blocked: bool,
}

/// What we go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Their word, or Twilio's, of this time. The latest counts; of two at once the one for silence.
    At(clock::Time),
    /// A guard of ours said so, who knows it from others: counts until there is better evidence.
    Hearsay,
}

/// Takes the customer's row, made if it is new, until the transaction ends.
pub async fn opt_out_lock(tx: &mut Tx, tenant: &str, customer: &str) -> Result<OptOut, Error> {
    let new = OptOut {
        tenant_id: tenant.to_owned(),
        customer: customer.to_owned(),
        opted_out: false,
        changed_at: None,
        blocked: false,
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

/// Blocks a customer, or no longer. The customer's lock is held.
pub async fn block_set(tx: &mut Tx, locked: &OptOut, blocked: bool) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::opt_outs.find((&locked.tenant_id, &locked.customer)))
        .set(dsl::blocked.eq(blocked))
        .execute(c)
        .await)?;
    Ok(())
}

/// Whether the business has blocked a customer.
pub async fn is_blocked(tx: &mut Tx, tenant: &str, customer: &str) -> Result<bool, Error> {
    let found = on!(tx, c => dsl::opt_outs
        .find((tenant, customer))
        .select(dsl::blocked)
        .first::<bool>(c)
        .await
        .optional())?;
    Ok(found.unwrap_or(false))
}

/// A customer's words by which texts stop or start: they are kept as long as the wish counts.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = opt_out_evidence, treat_none_as_default_value = false)]
pub struct OptOutEvidence {
    /// Follows from the message.
    pub id: String,
    /// The business that is meant.
    pub tenant_id: String,
    /// The customer's address.
    pub customer: String,
    /// The number that was texted.
    pub number: String,
    /// `STOP` or `START`.
    pub wish: String,
    /// Twilio's id of the message.
    pub message_sid: String,
    /// The message.
    pub body: String,
    /// Who understood it so: `words` (our rules) or `twilio` (`OptOutType`).
    pub source: String,
    /// When it came.
    pub at: Time,
}

/// Keeps a customer's words, once.
pub async fn evidence_insert(tx: &mut Tx, row: &OptOutEvidence) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(opt_out_evidence::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// Whether a message was kept as evidence before.
pub async fn evidence_is_kept(tx: &mut Tx, id: &str) -> Result<bool, Error> {
    let found = on!(tx, c => opt_out_evidence::table
        .find(id)
        .select(opt_out_evidence::id)
        .first::<String>(c)
        .await
        .optional())?;
    Ok(found.is_some())
}

/// What a list of evidence is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct EvidenceFilter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only this customer's.
    pub customer: Option<String>,
    /// Only what comes after this place in the list.
    pub after: Option<(clock::Time, String)>,
}

/// The words of customers, the latest first; one more than `limit`.
pub async fn evidence_list(
    tx: &mut Tx,
    filter: &EvidenceFilter,
    limit: i64,
) -> Result<Vec<OptOutEvidence>, Error> {
    use opt_out_evidence::dsl as columns;
    Ok(on!(tx, c => {
        let mut query = opt_out_evidence::table.into_boxed();
        if let Some(tenant) = &filter.tenant {
            query = query.filter(columns::tenant_id.eq(tenant));
        }
        if let Some(customer) = &filter.customer {
            query = query.filter(columns::customer.eq(customer));
        }
        if let Some((at, id)) = &filter.after {
            let at = Time(*at);
            query = query.filter(columns::at.lt(at).or(columns::at.eq(at).and(columns::id.lt(id))));
        }
        query
            .order((columns::at.desc(), columns::id.desc()))
            .limit(limit + 1)
            .load::<OptOutEvidence>(c)
            .await
    })?)
}
