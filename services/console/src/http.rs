//! The routes of the console, as one table.

use actix_web::web;
use api::{Access, Method, Route, Scope, query_shape};

use crate::pages::flash::Flash;
use crate::pages::{self, assets, sign_in};

const PAGE: Access = Access::Page;

macro_rules! get {
    ($path:literal, $what:literal, $handler:path) => {
        Route::new(Method::Get, $path, PAGE, $what, || web::to($handler))
    };
    ($path:literal, $what:literal, $handler:path, $query:ty) => {
        get!($path, $what, $handler).asks(query_shape::<$query>)
    };
}

macro_rules! post {
    ($path:literal, $what:literal, $handler:path) => {
        Route::new(Method::Post, $path, PAGE, $what, || web::to($handler))
    };
}

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/",
        Access::Public,
        "Leads to the console, or to its sign-in",
        || web::to(sign_in::front),
    ),
    Route::new(
        Method::Get,
        "/console/sign-in",
        Access::Public,
        "The sign-in; ?link= signs in once, ?next= is where it leads",
        || web::to(sign_in::show),
    ),
    Route::new(
        Method::Post,
        "/console/sign-in",
        Access::Public,
        "Signs in by name and password, or by an API key",
        || web::to(sign_in::sign_in),
    ),
    Route::new(
        Method::Get,
        "/console/assets/{file}",
        Access::Public,
        "Style, script and icon of the console",
        || web::to(assets::show),
    ),
    Route::new(
        Method::Post,
        "/console/links",
        Access::Key(Scope::Admin),
        "Makes a link that signs in once, as long as there is no operator",
        || web::to(sign_in::make_link),
    ),
    post!("/console/sign-out", "Ends the session", sign_in::sign_out),
    get!("/console/", "Overview", pages::overview::show),
    get!(
        "/console/calls",
        "Calls",
        pages::calls::list,
        pages::calls::Filters
    ),
    get!("/console/calls/{id}", "A call", pages::call::show, Flash),
    post!(
        "/console/calls/{id}/hang-up",
        "Hangs a call up",
        pages::call::hang_up
    ),
    post!(
        "/console/calls/{id}/transfer",
        "Passes a call on to another phone",
        pages::call::transfer
    ),
    get!(
        "/console/calls/{id}/listen",
        "Listens in on a call",
        pages::call::listen
    ),
    get!(
        "/console/webhooks",
        "Webhooks as they came",
        pages::webhooks::list,
        pages::webhooks::Filters
    ),
    get!(
        "/console/conversations",
        "Conversations",
        pages::conversations::list,
        pages::conversations::Filters
    ),
    get!(
        "/console/conversations/{id}",
        "A conversation",
        pages::conversations::show,
        Flash
    ),
    post!(
        "/console/conversations/{id}/reply",
        "Writes to the customer",
        pages::conversations::reply
    ),
    post!(
        "/console/conversations/{id}/answering",
        "Says who answers",
        pages::conversations::answering
    ),
    post!(
        "/console/conversations/{id}/status",
        "Completes it, or opens it again",
        pages::conversations::set_status
    ),
    post!(
        "/console/conversations/{id}/lead",
        "Says where its lead stands",
        pages::conversations::set_lead
    ),
    get!(
        "/console/interviews",
        "Interviews",
        pages::interviews::list,
        pages::interviews::Filters
    ),
    post!(
        "/console/interviews",
        "Starts an interview",
        pages::interviews::start
    ),
    post!(
        "/console/interviews/candidates",
        "Adds a candidate",
        pages::interviews::add_candidate
    ),
    post!(
        "/console/interviews/jobs",
        "Adds a job description",
        pages::interviews::add_job
    ),
    get!(
        "/console/interviews/compare",
        "Candidates side by side",
        pages::compare::show,
        pages::compare::Whom
    ),
    get!(
        "/console/interviews/{id}",
        "An interview",
        pages::interview::show,
        Flash
    ),
    post!(
        "/console/interviews/{id}/review",
        "A person's note and score, beside AI's",
        pages::interview::review
    ),
    post!(
        "/console/interviews/{id}/next",
        "Moves a live interview on by hand",
        pages::interview::next
    ),
    get!(
        "/console/leads",
        "What threads have become",
        pages::leads::list,
        pages::leads::Filters
    ),
    get!(
        "/console/numbers",
        "Numbers",
        pages::numbers::list,
        pages::numbers::From
    ),
    post!(
        "/console/numbers/{id}/webhooks",
        "Points a number's webhooks at this platform",
        pages::numbers::fix
    ),
    get!("/console/tenants/{id}", "A tenant", pages::tenant, Flash),
    post!(
        "/console/tenants/{id}",
        "Changes how a tenant is served",
        pages::tenant_form::save
    ),
    post!(
        "/console/tenants/{id}/status",
        "Suspends a tenant or takes it back",
        pages::tenant_form::set_status
    ),
    get!("/console/settings/keys", "API keys", pages::keys::list),
    post!(
        "/console/settings/keys",
        "Makes an API key",
        pages::keys::create
    ),
    post!(
        "/console/settings/keys/{id}/withdraw",
        "Withdraws an API key",
        pages::keys::withdraw
    ),
    get!("/console/flows", "Flows", pages::flows::list),
    get!(
        "/console/flows/{name}",
        "A flow",
        pages::flow::show,
        pages::flow::Which
    ),
    get!(
        "/console/flows/{name}/edit",
        "Changes a flow, or makes a new one of a template",
        pages::flow_form::edit,
        pages::flow_form::From
    ),
    post!(
        "/console/flows/{name}/edit",
        "Shows what a caller hears, or stores a version",
        pages::flow_form::save
    ),
    get!("/console/phone", "A telephone", pages::phone::show),
    post!(
        "/console/phone/calls",
        "Calls a number of the platform's from the browser",
        pages::phone::call
    ),
    post!(
        "/console/phone/texts",
        "Texts a number of the platform's from the browser",
        pages::phone::text
    ),
    post!(
        "/console/phone/calls/{sid}/steps",
        "What the caller does next",
        pages::phone::step
    ),
    get!(
        "/console/phone/calls/{sid}/events",
        "What the line says, as it says it",
        pages::phone::follow
    ),
    get!(
        "/console/phone/calls/{sid}/sound",
        "A WebSocket with the line's sound both ways: mu-law at 8 kHz",
        pages::phone_sound::open
    ),
    get!(
        "/console/analytics",
        "Counts by day",
        pages::analytics::show,
        pages::analytics::Period
    ),
    get!(
        "/console/analytics/calls.csv",
        "The same as a file",
        pages::analytics::csv,
        pages::analytics::Period
    ),
    get!(
        "/console/analytics/all.csv",
        "Every table of analytics as a file",
        pages::analytics::all,
        pages::analytics::Period
    ),
    get!(
        "/console/operating",
        "Health, dead letters and effects",
        pages::operating::show,
        Flash
    ),
    post!(
        "/console/operating/replay",
        "Replays a dead letter",
        pages::operating::replay
    ),
    get!(
        "/console/settings/operators",
        "Operators",
        pages::operators::list,
        Flash
    ),
    post!(
        "/console/settings/operators",
        "Adds an operator",
        pages::operators::add
    ),
    post!(
        "/console/settings/operators/{id}/remove",
        "Removes an operator",
        pages::operators::remove
    ),
    post!(
        "/console/settings/password",
        "Changes the own password",
        pages::operators::change_password
    ),
    post!(
        "/console/settings/tenant",
        "Works for another tenant",
        pages::operators::switch
    ),
];
