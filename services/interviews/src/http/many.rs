//! The results of many interviews: side by side, and as a file.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::web::Data;
use api::{ApiError, Caller, Limit, Query};
use schemars::JsonSchema;
use serde::Deserialize;

use super::State;
use super::latest::Latest;
use super::page::{List, Wanted, cursor};
use super::results::of_row;
use super::results_view::Results;
use super::view::{AnswerView, ReviewView};
use crate::db::{self, InterviewRow, Which};

/// The most interviews that are named in one request.
const MOST_IDS: usize = 50;

/// Which interviews, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only these: ids with commas between them, 50 at most. Unsaid: those that are over.
    ids: Option<String>,
    /// Only those that follow this flow.
    flow: Option<String>,
    /// Only those for this job.
    job_description_id: Option<String>,
    /// Only this candidate's.
    candidate_id: Option<String>,
    /// `json` unless said, or `csv`: a line for each answer.
    format: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`; a file has it in the header `X-Next-Cursor`.
    cursor: Option<String>,
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<HttpResponse, ApiError> {
    let format = asked.format.as_deref().unwrap_or("json");
    if !["json", "csv"].contains(&format) {
        return Err(ApiError::invalid("format", "is none of json, csv"));
    }
    let ids = asked.ids.as_deref().map(ids).transpose()?;
    let which = Which {
        status: ids.is_none().then(|| "ended".to_owned()),
        ids,
        flow: asked.flow,
        job: asked.job_description_id,
        candidate: asked.candidate_id,
    };
    let wanted = Wanted {
        tenant: asked.tenant,
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let (shown, page) = wanted.of(caller)?;
    let mut tx = state.store.read().await?;
    let rows = db::interview_list(&mut tx, &shown, &which).await?;
    let (rows, next) = page.of(rows, |row: &InterviewRow| cursor(row.created_at.0, &row.id));
    let named: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let reviews = db::review_list(&mut tx, &named).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let own = reviews.iter().filter(|it| it.interview_id == row.id);
        items.push(of_row(&mut tx, row, &Latest::of(own)).await?);
    }
    if format == "json" {
        return Ok(HttpResponse::Ok().json(List {
            items,
            next_cursor: next,
        }));
    }
    let mut file = HttpResponse::Ok();
    file.content_type("text/csv; charset=utf-8")
        .insert_header(("cache-control", "private, no-store"))
        .insert_header(("content-disposition", "attachment; filename=interviews.csv"))
        .insert_header(("x-content-type-options", "nosniff"));
    if let Some(next) = next {
        file.insert_header(("x-next-cursor", next));
    }
    Ok(file.body(csv(&items)))
}

fn ids(text: &str) -> Result<Vec<String>, ApiError> {
    let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    if ids.is_empty() || ids.len() > MOST_IDS {
        let message = format!("must be 1 to {MOST_IDS} ids with commas between them");
        return Err(ApiError::invalid("ids", message));
    }
    Ok(ids)
}

const HEAD: &str = "interview_id,tenant_id,candidate,position,flow,outcome,ended_at,overall_score,\
    human_overall_score,recommendation,human_recommendation,question_number,question,transcript,score,\
    human_score,human_note,human_by,quote,feedback,simulated\r\n";

/// A line for each answer; an interview without any has one line.
fn csv(items: &[Results]) -> String {
    let mut file = HEAD.to_owned();
    for it in items {
        if it.answers.is_empty() {
            line(&mut file, it, None);
        }
        for answer in &it.answers {
            line(&mut file, it, Some(answer));
        }
    }
    file
}

fn line(file: &mut String, it: &Results, answer: Option<&AnswerView>) {
    let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
    let small = |n: Option<u32>| number(n.map(i64::from));
    let whole = it.review.as_ref();
    let own = answer.and_then(|it| it.review.as_ref());
    let said = |review: Option<&ReviewView>| {
        let words = review.map(|it| (it.note.clone(), it.by.clone()));
        words.unwrap_or_default()
    };
    // The note of the whole stands where there is no answer.
    let (note, by) = if answer.is_some() {
        said(own)
    } else {
        said(whole)
    };
    let text = |of: fn(&AnswerView) -> &str| answer.map(of).unwrap_or_default().to_owned();
    let cells = [
        it.interview_id.clone(),
        it.tenant_id.clone(),
        it.candidate
            .as_ref()
            .map_or_else(String::new, |it| it.name.clone()),
        it.position.clone().unwrap_or_default(),
        it.flow.clone(),
        it.outcome.clone(),
        it.ended_at.map_or_else(String::new, |at| at.to_rfc3339()),
        small(it.overall_score),
        number(whole.and_then(|it| it.score)),
        it.recommendation.clone().unwrap_or_default(),
        whole
            .and_then(|it| it.recommendation.clone())
            .unwrap_or_default(),
        small(answer.map(|it| it.question_number)),
        text(|it| &it.question),
        text(|it| it.transcript.as_deref().unwrap_or_default()),
        small(answer.and_then(|it| it.score)),
        number(own.and_then(|it| it.score)),
        note,
        by,
        text(|it| &it.quote),
        text(|it| &it.feedback),
        it.simulated.to_string(),
    ];
    for (n, cell) in cells.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        let _ = write!(file, "{comma}{}", Cell(cell));
    }
    file.push_str("\r\n");
}

/// A cell in quotation marks, which no spreadsheet takes for a formula.
struct Cell<'a>(&'a str);

impl std::fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let formula = self.0.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let guard = if formula { "'" } else { "" };
        write!(f, "\"{guard}{}\"", self.0.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cell_is_no_formula_and_keeps_its_marks() {
        assert_eq!(
            Cell("say \"hi\", now").to_string(),
            "\"say \"\"hi\"\", now\""
        );
        assert_eq!(Cell("=1+1").to_string(), "\"'=1+1\"");
    }

    #[test]
    fn ids_are_counted() {
        assert_eq!(ids("a, b,").unwrap(), ["a", "b"]);
        assert!(ids(" ,").is_err());
        assert!(ids(&"a,".repeat(51)).is_err());
    }
}
