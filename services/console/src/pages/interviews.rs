//! Interviews: the list, starting one, and what one is made of.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::join4;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::audit::note;
use super::format::address;
use super::html::{PageError, Shell, page, see};
use super::session::{Sent, SignedIn};
use super::shapes::{Interview, List};
use super::tenants::{Tenant, choices};
use crate::api::segment;
use crate::state::State;

/// A candidate or a job description, by its name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Named {
    id: String,
    name: String,
    title: String,
}

impl Named {
    fn title(&self) -> &str {
        [&self.name, &self.title, &self.id]
            .into_iter()
            .find(|it| !it.is_empty())
            .map_or("", String::as_str)
    }
}

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filters {
    /// `pending`, `calling`, `in-progress` or `ended`.
    status: String,
    /// Only this tenant's.
    tenant: String,
    /// Only those that follow this flow.
    flow: String,
    /// Only those for this job description.
    job: String,
    /// Where the last page ended.
    cursor: String,
    /// What a form has just done: the page says so.
    said: String,
}

#[derive(Template)]
#[template(path = "interviews.html")]
struct InterviewsPage {
    shell: Shell,
    status: String,
    tenant: String,
    flow: String,
    job: String,
    csv: String,
    tenants: Vec<Tenant>,
    interviews: Vec<Interview>,
    next: Option<String>,
    candidates: Vec<Named>,
    jobs: Vec<Named>,
    once: String,
}

/// `/console/interviews`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    filters: web::Query<Filters>,
) -> Result<HttpResponse, PageError> {
    let (api, operator) = (&state.api, &who.0);
    let narrowed = |cursor| {
        [
            ("status", filters.status.as_str()),
            ("tenant", &filters.tenant),
            ("flow", &filters.flow),
            ("job_description_id", &filters.job),
            ("cursor", cursor),
        ]
    };
    let path = address("/api/interviews/", &narrowed(&filters.cursor));
    // The page calls the job by a shorter name.
    let own =
        |cursor| narrowed(cursor).map(|(name, it)| (name.trim_end_matches("_description_id"), it));
    let export = [
        ("tenant", filters.tenant.as_str()),
        ("flow", &filters.flow),
        ("job_description_id", &filters.job),
        ("limit", "200"),
        ("format", "csv"),
    ];
    let (interviews, candidates, jobs, tenants) = join4(
        api.get::<List<Interview>>(operator, &path),
        api.get::<List<Named>>(operator, "/api/candidates/?limit=200"),
        api.get::<List<Named>>(operator, "/api/job-descriptions/?limit=200"),
        choices(api, operator),
    )
    .await;
    let mut shell =
        Shell::new(operator, "interviews", "Interviews").live("interview.# answer.# call.placed");
    shell.done = (filters.said == "added").then_some("It can be chosen below.");
    let interviews = shell.or_missing("Interviews", interviews);
    let next = interviews.next_cursor.as_deref();
    page(&InterviewsPage {
        next: next.map(|cursor| address("/console/interviews", &own(cursor))),
        shell,
        status: filters.status.clone(),
        tenant: filters.tenant.clone(),
        flow: filters.flow.clone(),
        job: filters.job.clone(),
        csv: address("/api/interviews/results", &export),
        tenants,
        interviews: interviews.items,
        candidates: candidates.unwrap_or_default().items,
        jobs: jobs.unwrap_or_default().items,
        once: state.clock.id(),
    })
}

/// `POST /console/interviews`.
pub async fn start(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let path = "/api/trigger-interview/";
    let body = json!({
        "candidate_id": sent.field("candidate"), "job_description_id": sent.field("job"),
    });
    let made = state
        .api
        .send_once(&sent.operator, path, sent.field("once"), &body)
        .await?;
    let id = made["id"].as_str().unwrap_or_default();
    note(&state, &sent.operator, "interview.start", id).await;
    Ok(see(&format!("/console/interviews/{}", segment(id))))
}

/// `POST /console/interviews/candidates`: adds a candidate.
pub async fn add_candidate(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    add(
        &state,
        &sent,
        "/api/candidates/",
        &["name", "phone", "email", "language", "resume"],
    )
    .await
}

/// `POST /console/interviews/jobs`: adds a job description, with its questions a line each.
pub async fn add_job(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let fields = ["title", "description", "flow", "language"];
    add(&state, &sent, "/api/job-descriptions/", &fields).await
}

async fn add(
    state: &State,
    sent: &Sent,
    path: &str,
    fields: &[&str],
) -> Result<HttpResponse, PageError> {
    let mut body = json!({});
    for name in fields.iter().chain(&["tenant_id"]) {
        if !sent.field(name).is_empty() {
            body[*name] = json!(sent.field(name));
        }
    }
    let questions = sent.field("questions").lines().map(str::trim);
    let questions: Vec<&str> = questions.filter(|line| !line.is_empty()).collect();
    if !questions.is_empty() {
        body["questions"] = json!(questions);
    }
    let made = state
        .api
        .send_once(&sent.operator, path, sent.field("once"), &body)
        .await?;
    let id = made["id"].as_str().unwrap_or_default();
    let action = match path {
        "/api/candidates/" => "candidate.create",
        _ => "job.create",
    };
    note(state, &sent.operator, action, id).await;
    Ok(see("/console/interviews?said=added"))
}
