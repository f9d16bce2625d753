//! Candidates side by side: a column each, a row for each question.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use schemars::JsonSchema;

use super::format::address;
use super::html::{PageError, Shell, page};
use super::interview::{Answer, Results};
use super::session::SignedIn;
use super::shapes::List;
use crate::state::State;

/// More would not fit beside each other.
const MOST: usize = 6;

/// A question, and what each candidate answered.
struct Row {
    question: String,
    answers: Vec<Option<Answer>>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    shell: Shell,
    columns: Vec<Results>,
    rows: Vec<Row>,
    csv: String,
}

/// Whom it compares.
#[derive(JsonSchema)]
#[expect(
    dead_code,
    reason = "read parameter by parameter: one comes several times"
)]
pub struct Whom {
    /// An interview; once for each.
    #[schemars(default)]
    id: Vec<String>,
}

/// `/console/interviews/compare?id=..&id=..`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let ids = query
        .filter(|(name, _)| name == "id")
        .map(|(_, id)| id.into_owned());
    let mut ids: Vec<String> = ids
        .filter(|id| !id.is_empty() && !id.contains(','))
        .collect();
    ids.dedup();
    ids.truncate(MOST);
    let mut shell = Shell::new(&who.0, "interviews", "Compare candidates");
    let named = ids.join(",");
    let columns = if ids.is_empty() {
        Vec::new()
    } else {
        let path = address("/api/interviews/results", &[("ids", &named)]);
        let found = state.api.get::<List<Results>>(&who.0, &path).await;
        let found = shell.or_missing("Results", found).items;
        in_order(found, &ids)
    };
    page(&ComparePage {
        rows: rows(&columns),
        csv: address(
            "/api/interviews/results",
            &[("ids", &named), ("format", "csv")],
        ),
        columns,
        shell,
    })
}

/// As they were chosen.
fn in_order(mut found: Vec<Results>, ids: &[String]) -> Vec<Results> {
    let place = |it: &Results| ids.iter().position(|id| *id == it.interview_id);
    found.sort_by_key(place);
    found
}

/// The same question is one row, whichever number it had.
fn rows(columns: &[Results]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (n, column) in columns.iter().enumerate() {
        for answer in &column.answers {
            let free = |row: &&mut Row| row.question == answer.question && row.answers[n].is_none();
            if let Some(row) = rows.iter_mut().find(free) {
                row.answers[n] = Some(answer.clone());
                continue;
            }
            let mut answers = vec![None; columns.len()];
            answers[n] = Some(answer.clone());
            rows.push(Row {
                question: answer.question.clone(),
                answers,
            });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(id: &str, questions: &[&str]) -> Results {
        let answer = |text: &&str| Answer {
            question: (*text).to_owned(),
            ..Answer::default()
        };
        Results {
            interview_id: id.to_owned(),
            answers: questions.iter().map(answer).collect(),
            ..Results::default()
        }
    }

    #[test]
    fn same_question_is_one_row() {
        let columns = [
            column("a", &["Why?", "How?"]),
            column("b", &["How?", "Why?", "When?"]),
        ];
        let rows = rows(&columns);
        let questions: Vec<&str> = rows.iter().map(|it| it.question.as_str()).collect();
        assert_eq!(questions, ["Why?", "How?", "When?"]);
        assert!(rows[0].answers.iter().all(Option::is_some));
        assert!(rows[2].answers[0].is_none() && rows[2].answers[1].is_some());
    }

    #[test]
    fn columns_stand_as_they_were_chosen() {
        let found = vec![column("a", &[]), column("b", &[])];
        let ids = ["b".to_owned(), "a".to_owned()];
        let order: Vec<String> = in_order(found, &ids)
            .into_iter()
            .map(|it| it.interview_id)
            .collect();
        assert_eq!(order, ids);
    }
}
