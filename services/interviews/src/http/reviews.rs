//! What people say of an interview, beside what AI says: notes, and scores in the place of AI's.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, Page, Query};
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::page::{List, cursor, place};
use super::read::Reader;
use super::stored::{find, progress};
use super::view::ReviewView;
use super::{Created, State, repeat};
use crate::db::{self, ReviewRow};

/// The longest note, in bytes.
const LONGEST_NOTE: usize = 8_000;
/// What may be recommended.
const RECOMMENDATIONS: [&str; 4] = ["strong_yes", "yes", "maybe", "no"];

/// A review to be. What is left out is not said: AI's stands.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read field by field")]
pub(super) struct New {
    /// Of which answer; unsaid: of the interview as a whole.
    question_number: Option<u32>,
    note: Option<String>,
    /// 0 to 100, in the place of AI's.
    score: Option<u32>,
    /// `strong_yes`, `yes`, `maybe` or `no`, in the place of AI's; of the whole only.
    recommendation: Option<String>,
    /// The id of the review that this one takes the place of, `""` for none: 409 where another was written meanwhile.
    replaces: Option<String>,
}

pub(super) async fn create(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    Body(body): Body<Value>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let mut read = Reader::of(body)?;
    let replaces = read.said("replaces");
    let made_by_request = repeat::id_of(&request, &caller, "review")?;
    let mut row = ReviewRow {
        id: made_by_request.unwrap_or_else(|| state.clock.id()),
        interview_id: id.into_inner(),
        question_number: read.number("question_number", 10_000).unwrap_or_default(),
        note: read.words("note", LONGEST_NOTE).unwrap_or_default(),
        score: read.number("score", 100),
        recommendation: read.text("recommendation", 20, |text| {
            match RECOMMENDATIONS.contains(&text) {
                true => Ok(text.to_owned()),
                false => Err("is none of strong_yes, yes, maybe, no"),
            }
        }),
        author: caller.name.clone(),
        at: state.clock.now().into(),
    };
    if row.question_number > 0 && row.recommendation.is_some() {
        read.fault(
            "recommendation",
            "is of the interview as a whole; leave question_number out",
        );
    }
    read.done()?;
    let interview = find(&mut state.store.read().await?, &caller, &row.interview_id).await?;
    let asked = progress(&interview).asked;
    let is_asked = |number| asked.iter().any(|it| i64::from(it.number) == number);
    if row.question_number > 0 && !is_asked(row.question_number) {
        let message = format!("was not asked; {} questions were", asked.len());
        return Err(ApiError::invalid("question_number", message));
    }
    put(&state, &mut row, replaces.as_deref()).await?;
    Ok(HttpResponse::Created().json(Created { id: row.id }))
}

/// Writes it, unless another took the place of the one that its author has seen.
async fn put(state: &State, row: &mut ReviewRow, replaces: Option<&str>) -> Result<(), ApiError> {
    let mut tx = state.store.begin().await?;
    // Two who write at once come one after the other.
    db::interview_lock(&mut tx, &row.interview_id).await?;
    if let Some(before) = db::review_find(&mut tx, &row.id).await? {
        tx.rollback().await?;
        row.at = before.at;
        return match before == *row {
            true => Ok(()),
            false => Err(repeat::reused("review")),
        };
    }
    let all = db::review_list(&mut tx, std::slice::from_ref(&row.interview_id)).await?;
    let mut same = all
        .iter()
        .filter(|it| it.question_number == row.question_number);
    let latest = same.next_back();
    let seen = latest.map_or("", |it| it.id.as_str());
    if let Some(latest) = latest.filter(|_| replaces.is_some_and(|id| id != seen)) {
        let message = format!(
            "{} has written about this after you had opened it; load it again and repeat yours",
            latest.author
        );
        let details = json!({ "latest": ReviewView::from(latest.clone()) });
        tx.rollback().await?;
        return Err(ApiError::conflict("changed_meanwhile", message).with_details(details));
    }
    // The order of two in the same moment, or after a clock that went back.
    let last = all.last().map(|it| it.at).filter(|last| *last >= row.at);
    if let Some(last) = last {
        row.at = (last.0 + chrono::TimeDelta::microseconds(1)).into();
    }
    db::review_insert(&mut tx, row).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<ReviewView>>, ApiError> {
    let after = page.cursor.as_deref().map(place).transpose()?;
    let mut tx = state.store.read().await?;
    let interview = find(&mut tx, &caller, &id).await?;
    let mut rows = db::review_list(&mut tx, &[interview.id]).await?;
    if let Some((at, id)) = after {
        rows.retain(|row| (row.at.0, &row.id) < (at, &id));
    }
    rows.reverse();
    Ok(Json(List::of(&page, rows, |row| cursor(row.at.0, &row.id))))
}
