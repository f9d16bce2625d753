//! What people say of interviews, beside what AI says. Nothing of it is changed: what counts is the latest, and the rest
//! says who thought otherwise before, and when.

use store::prelude::*;
use store::types;
use store::{Error, Tx, on};

use super::schema::reviews;
use super::schema::reviews::dsl;

/// A person's note and score.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = reviews, treat_none_as_default_value = false)]
pub struct ReviewRow {
    /// Ours.
    pub id: String,
    /// The interview.
    pub interview_id: String,
    /// Of which answer; 0: of the interview as a whole.
    pub question_number: i64,
    /// The words; may be empty.
    pub note: String,
    /// From 0 to 100, in the place of AI's; none: AI's stands.
    pub score: Option<i64>,
    /// `strong_yes`, `yes`, `maybe` or `no`, of the whole; none: AI's stands.
    pub recommendation: Option<String>,
    /// Whose it is: the name of the operator or of the API key.
    pub author: String,
    /// When it was written.
    pub at: types::Time,
}

/// Adds a review, unless there is one of this id. True: it was added.
pub async fn review_insert(tx: &mut Tx, row: &ReviewRow) -> Result<bool, Error> {
    let fresh = on!(tx, c => diesel::insert_into(reviews::table)
        .values(row)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(fresh == 1)
}

/// A review by its id.
pub async fn review_find(tx: &mut Tx, id: &str) -> Result<Option<ReviewRow>, Error> {
    Ok(on!(tx, c => dsl::reviews.find(id).first::<ReviewRow>(c).await.optional())?)
}

/// The reviews of these interviews, the oldest first.
pub async fn review_list(tx: &mut Tx, interviews: &[String]) -> Result<Vec<ReviewRow>, Error> {
    Ok(on!(tx, c => dsl::reviews
        .filter(dsl::interview_id.eq_any(interviews))
        .order((dsl::at.asc(), dsl::id.asc()))
        .load::<ReviewRow>(c)
        .await)?)
}
