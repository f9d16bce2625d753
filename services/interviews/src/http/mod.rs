//! The routes of interviews, as one table.

mod advance;
mod candidates;
mod flows;
mod interviews;
mod jobs;
mod latest;
mod line;
mod many;
mod page;
mod preview;
mod read;
mod repeat;
mod results;
mod results_page;
mod results_view;
mod reviews;
mod screening;
mod state;
mod stored;
mod summary;
mod tenant;
mod trigger;
mod view;

use actix_web::web;
use api::{Access, Method, Page, Period, Route, Scope, query_shape, shape};
use page::List;
pub use state::State;
use state::{Created, missing};

const READ: Access = Access::Key(Scope::Read);
const WRITE: Access = Access::Key(Scope::Write);

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Post,
        "/api/candidates/",
        WRITE,
        "Adds a candidate; Idempotency-Key is honoured",
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
    .asks(query_shape::<page::Wanted>)
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
        Method::Delete,
        "/api/candidates/{id}",
        WRITE,
        "Forgets a candidate: every row, object and copy at Twilio; GET /api/erasures/{id} has the receipt",
        || web::to(candidates::delete),
    )
    .gives(shape::<candidates::Begun>),
    Route::new(
        Method::Post,
        "/api/job-descriptions/",
        WRITE,
        "Adds a job description; Idempotency-Key is honoured",
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
    .asks(query_shape::<page::Wanted>)
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
        "Stores a flow: a new version, 201, unless it is the same as the latest, 200; Idempotency-Key is honoured, and so is If-Match with the latest version that was seen",
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
    .asks(query_shape::<page::Wanted>)
    .gives(shape::<List<flows::Flow>>),
    Route::new(
        Method::Post,
        "/api/flows/preview",
        READ,
        "Judges a flow without storing it, and says what a caller hears",
        || web::to(preview::show),
    )
    .takes(shape::<flows::New>)
    .gives(shape::<preview::Preview>),
    Route::new(
        Method::Get,
        "/api/flows/{name}/versions",
        READ,
        "The versions of a flow, the latest first, without their definitions",
        || web::to(flows::versions),
    )
    .asks(query_shape::<flows::WhichVersions>)
    .gives(shape::<List<flows::Version>>),
    Route::new(
        Method::Get,
        "/api/flows/{name}",
        READ,
        "A flow, by its name",
        || web::to(flows::show),
    )
    .asks(query_shape::<flows::Which>)
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
        "Interviews, newest first",
        || web::to(interviews::list),
    )
    .asks(query_shape::<interviews::Narrow>)
    .gives(shape::<List<interviews::Summary>>),
    Route::new(
        Method::Get,
        "/api/interviews/summary",
        READ,
        "How many interviews went how far, what they scored, and what AI cost for them",
        || web::to(summary::show),
    )
    .asks(query_shape::<Period>)
    .gives(shape::<summary::Summary>),
    Route::new(
        Method::Get,
        "/api/interviews/results",
        READ,
        "The results of many interviews, newest first, to compare or to export: as JSON or as CSV",
        || web::to(many::list),
    )
    .asks(query_shape::<many::Asked>)
    .gives(shape::<List<results_view::Results>>),
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
    .gives(shape::<results_view::Results>),
    Route::new(
        Method::Get,
        "/api/interviews/{id}/results/page",
        READ,
        "The same as a page for reading and printing",
        || web::to(results::page),
    ),
    Route::new(
        Method::Get,
        "/api/interviews/{id}/reviews/",
        READ,
        "What people say of an interview, newest first",
        || web::to(reviews::list),
    )
    .asks(query_shape::<Page>)
    .gives(shape::<List<view::ReviewView>>),
    Route::new(
        Method::Post,
        "/api/interviews/{id}/reviews/",
        WRITE,
        "Adds a person's note or score beside AI's; an empty one takes the last back; Idempotency-Key is honoured",
        || web::to(reviews::create),
    )
    .takes(shape::<reviews::New>)
    .gives(shape::<Created>),
];
