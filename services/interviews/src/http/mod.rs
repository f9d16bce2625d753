//! The routes of interviews, as one table.

mod advance;
mod candidates;
mod flows;
mod interviews;
mod jobs;
mod line;
mod page;
mod read;
mod results;
mod sheet;
mod trigger;
mod view;

use actix_web::web;
use bus::Bus;
use clock::Clock;
use page::List;
use role::Relay;
use role::directory::Directory;
use role::http::{Access, ApiError, Method, Route, Scope, shape};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use store::Store;

/// What the handlers work with.
pub struct State {
    /// The role's data.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// For asking tenants.
    pub bus: Bus,
    /// Which numbers a tenant has.
    pub directory: Directory,
    /// Who speaks prompts, as the settings name him.
    pub speaker: String,
    /// The time.
    pub clock: Clock,
}

const READ: Access = Access::Key(Scope::Read);
const WRITE: Access = Access::Key(Scope::Write);

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Post,
        "/api/candidates/",
        WRITE,
        "Puts a candidate down",
        || web::to(candidates::create),
    )
    .takes(shape::<candidates::New>)
    .gives(shape::<Created>),
    Route::new(
        Method::Get,
        "/api/candidates/",
        READ,
        "Candidates, newest first",
        || web::to(candidates::list),
    )
    .gives(shape::<List<candidates::Candidate>>),
    Route::new(
        Method::Get,
        "/api/candidates/{id}",
        READ,
        "A candidate with the resume",
        || web::to(candidates::show),
    )
    .gives(shape::<candidates::Candidate>),
    Route::new(
        Method::Post,
        "/api/job-descriptions/",
        WRITE,
        "Puts a job description down",
        || web::to(jobs::create),
    )
    .takes(shape::<jobs::New>)
    .gives(shape::<Created>),
    Route::new(
        Method::Get,
        "/api/job-descriptions/",
        READ,
        "Job descriptions, newest first",
        || web::to(jobs::list),
    )
    .gives(shape::<List<jobs::Job>>),
    Route::new(
        Method::Get,
        "/api/job-descriptions/{id}",
        READ,
        "A job description",
        || web::to(jobs::show),
    )
    .gives(shape::<jobs::Job>),
    Route::new(
        Method::Post,
        "/api/flows/",
        WRITE,
        "Stores a flow: a new version, 201, unless it is the same as the latest, 200",
        || web::to(flows::create),
    )
    .takes(shape::<flows::New>)
    .gives(shape::<flows::Stored>),
    Route::new(
        Method::Get,
        "/api/flows/",
        READ,
        "The latest version of each flow",
        || web::to(flows::list),
    )
    .gives(shape::<List<flows::Flow>>),
    Route::new(
        Method::Get,
        "/api/flows/{name}",
        READ,
        "A flow: the latest version, or ?version=; the tenant's own before every tenant's",
        || web::to(flows::show),
    )
    .gives(shape::<flows::Flow>),
    Route::new(
        Method::Post,
        "/api/trigger-interview/",
        WRITE,
        "Has a candidate called and interviewed; Idempotency-Key is honoured",
        || web::to(trigger::create),
    )
    .takes(shape::<trigger::New>)
    .gives(shape::<trigger::Triggered>),
    Route::new(
        Method::Get,
        "/api/interviews/",
        READ,
        "Interviews, newest first, narrowed by ?tenant= and ?status=",
        || web::to(interviews::list),
    )
    .gives(shape::<List<interviews::Summary>>),
    Route::new(
        Method::Get,
        "/api/interviews/{id}",
        READ,
        "An interview",
        || web::to(interviews::show),
    )
    .gives(shape::<interviews::Summary>),
    Route::new(
        Method::Get,
        "/api/interviews/{id}/flow/",
        READ,
        "How far an interview has come",
        || web::to(interviews::flow),
    )
    .gives(shape::<interviews::Flow>),
    Route::new(
        Method::Post,
        "/api/interviews/{id}/flow/",
        WRITE,
        "Moves a live interview on to the next question by hand: 200 and how far it has come then, or 202 and how far it had come when that takes longer",
        || web::to(advance::advance),
    )
    .gives(shape::<interviews::Flow>),
    Route::new(
        Method::Get,
        "/api/interviews/{id}/results/",
        READ,
        "What an interview came to; 409 not_ready before that",
        || web::to(results::show),
    )
    .gives(shape::<results::Results>),
    Route::new(
        Method::Get,
        "/api/interviews/{id}/results/page",
        READ,
        "The same as a page for reading and printing",
        || web::to(results::page),
    ),
];

/// Something was put down.
#[derive(Debug, Serialize, JsonSchema)]
struct Created {
    id: String,
}

/// 404 that says which field names what is not there.
fn missing(what: &str, field: &str) -> ApiError {
    ApiError::not_found(what).with_details(json!({ "field": field }))
}
