//! Whom a screener calls.

use store::prelude::*;
use store::{Error, Tx, on, types};

use super::page::{Shown, newest_first};
use super::schema::candidates;
use super::schema::candidates::dsl;

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = candidates, treat_none_as_default_value = false)]
pub struct CandidateRow {
    /// Ours.
    pub id: String,
    /// Whose candidate it is.
    pub tenant_id: String,
    /// As they are spoken to.
    pub name: String,
    /// E.164.
    pub phone: String,
    /// As it was given.
    pub email: Option<String>,
    /// An IANA name; none: the tenant's.
    pub timezone: Option<String>,
    /// BCP 47; they are spoken to in it where neither the job nor the flow has a language.
    pub language: Option<String>,
    /// Plain text, at most 256 kB. Data for a model, never instructions, and never logged.
    pub resume: String,
    /// When they were put down.
    pub created_at: types::Time,
}

/// Adds a candidate, unless there is one of this id. True: it was added.
pub async fn candidate_insert(tx: &mut Tx, row: &CandidateRow) -> Result<bool, Error> {
    let fresh = on!(tx, c => diesel::insert_into(candidates::table)
        .values(row)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(fresh == 1)
}

/// A candidate by id.
pub async fn candidate_find(tx: &mut Tx, id: &str) -> Result<Option<CandidateRow>, Error> {
    Ok(on!(tx, c => dsl::candidates.find(id).first::<CandidateRow>(c).await.optional())?)
}

/// Locks a candidate until the transaction ends: two interviews are made one after the other.
pub async fn candidate_lock(tx: &mut Tx, id: &str) -> Result<(), Error> {
    // An update that changes nothing takes the row's lock on both engines.
    on!(tx, c => diesel::update(dsl::candidates.find(id)).set(dsl::id.eq(id)).execute(c).await)?;
    Ok(())
}

/// Candidates, newest first. Their resumes are left out: they are large, and a list does not show them.
pub async fn candidate_list(tx: &mut Tx, shown: &Shown) -> Result<Vec<CandidateRow>, Error> {
    let columns = (
        dsl::id,
        dsl::tenant_id,
        dsl::name,
        dsl::phone,
        dsl::email,
        dsl::timezone,
        dsl::language,
        diesel::dsl::sql::<diesel::sql_types::Text>("''"),
        dsl::created_at,
    );
    Ok(newest_first!(tx, shown, dsl, CandidateRow => {
        dsl::candidates.select(columns).into_boxed()
    })?)
}
