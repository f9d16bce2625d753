//! Leads: what a thread may be worth to the business.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::leads;
use super::schema::leads::dsl;

/// A lead.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = leads, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Lead {
    /// Follows from the thread.
    pub id: String,
    /// The thread.
    pub conversation_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The customer's address.
    pub customer: String,
    /// `new`, `qualified`, `appointment_scheduled`, `completed` or `lost`.
    pub status: String,
    /// What it is worth, in the business's currency.
    pub value: Option<f64>,
    /// What operators note.
    pub notes: String,
    /// The customer's name.
    pub name: String,
    /// Where the job is.
    pub address: String,
    /// What the job is.
    pub job: String,
    /// When the customer would like it.
    pub preferred_time: String,
    /// `normal`, `urgent` or `emergency`.
    pub urgency: String,
    /// The confirmed appointment.
    pub appointment_at: Option<types::Time>,
    /// When it was made.
    pub created_at: types::Time,
    /// The latest.
    pub updated_at: types::Time,
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only those in this status.
    pub status: Option<String>,
    /// Only what comes after this place in the list.
    pub after: Option<(Time, String)>,
}

/// A lead by its id.
pub async fn lead_find(tx: &mut Tx, id: &str) -> Result<Option<Lead>, Error> {
    Ok(on!(tx, c => dsl::leads.find(id).first::<Lead>(c).await.optional())?)
}

/// Adds a lead.
pub async fn lead_insert(tx: &mut Tx, row: &Lead) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(leads::table).values(row).execute(c).await)?;
    Ok(())
}

/// Saves what was changed of a lead. The customer's lock is held.
pub async fn lead_save(tx: &mut Tx, row: &Lead) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::leads.find(&row.id)).set(row).execute(c).await)?;
    Ok(())
}

/// Leads, those with the latest news first; one more than `limit`.
pub async fn lead_list(tx: &mut Tx, filter: &LeadFilter, limit: i64) -> Result<Vec<Lead>, Error> {
    Ok(on!(tx, c => {
        let mut query = leads::table.into_boxed();
        if let Some(tenant) = &filter.tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        if let Some(status) = &filter.status {
            query = query.filter(dsl::status.eq(status));
        }
        if let Some((at, id)) = &filter.after {
            let at = types::Time(*at);
            query = query.filter(dsl::updated_at.lt(at).or(dsl::updated_at.eq(at).and(dsl::id.lt(id))));
        }
        query
            .order((dsl::updated_at.desc(), dsl::id.desc()))
            .limit(limit + 1)
            .load::<Lead>(c)
            .await
    })?)
}
