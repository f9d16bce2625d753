//! What candidates are interviewed for.

use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::page::{Shown, newest_first};
use super::schema::jobs;
use super::schema::jobs::dsl;

/// A job description.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
pub struct JobRow {
    /// Ours.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The position.
    pub title: String,
    /// What the position is, for whoever scores the answers.
    pub description: String,
    /// A list of texts; empty when a flow asks its own.
    pub questions: Json,
    /// The flow that such interviews follow; none: the plain screener.
    pub flow: Option<String>,
    /// BCP 47; none: the flow's or the tenant's.
    pub language: Option<String>,
    /// When it was put down.
    pub created_at: types::Time,
}

/// Adds a job description, unless there is one of this id. True: it was added.
pub async fn job_insert(tx: &mut Tx, row: &JobRow) -> Result<bool, Error> {
    let fresh = on!(tx, c => diesel::insert_into(jobs::table)
        .values(row)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(fresh == 1)
}

/// A job description by its id.
pub async fn job_find(tx: &mut Tx, id: &str) -> Result<Option<JobRow>, Error> {
    Ok(on!(tx, c => dsl::jobs.find(id).first::<JobRow>(c).await.optional())?)
}

/// Job descriptions, newest first.
pub async fn job_list(tx: &mut Tx, shown: &Shown) -> Result<Vec<JobRow>, Error> {
    Ok(newest_first!(tx, shown, dsl, JobRow => dsl::jobs.into_boxed())?)
}
