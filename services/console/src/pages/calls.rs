//! The list of calls with its filters.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::days::{begin_of, end_of};
use super::format::address;
use super::shapes::{Call, List};
use super::tenants::{Tenant, choices};
use crate::http::html::{PageError, Shell, page};
use crate::http::session::SignedIn;
use crate::state::State;

const OUTCOMES: [&str; 3] = ["answered", "missed", "failed"];

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filters {
    q: String,
    outcome: String,
    tenant: String,
    from: String,
    to: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "calls.html")]
struct CallsPage {
    shell: Shell,
    q: String,
    outcome: String,
    outcomes: [&'static str; 3],
    tenant: String,
    tenants: Vec<Tenant>,
    from: String,
    to: String,
    filtered: bool,
    calls: Vec<Call>,
    next: Option<String>,
    emulated: bool,
}

/// `/console/calls`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    filters: web::Query<Filters>,
) -> Result<HttpResponse, PageError> {
    let filters = filters.into_inner();
    let (from, to) = (begin_of(&filters.from), end_of(&filters.to));
    let narrowed = [
        ("q", filters.q.trim()),
        ("outcome", &filters.outcome),
        ("tenant", &filters.tenant),
        ("from", &from),
        ("to", &to),
        ("cursor", &filters.cursor),
        ("limit", "50"),
    ];
    let path = address("/calls/", &narrowed);
    let calls = state.api.get::<List<Call>>(&who.0, &path);
    let (calls, tenants) = futures::future::join(calls, choices(&state.api, &who.0)).await;
    let mut shell = Shell::new(&who.0, "calls", "Calls").live("call.# interview.#");
    let calls = shell.or_missing("Calls", calls);
    let next = calls.next_cursor.as_deref().map(|cursor| {
        let again = [
            ("q", filters.q.as_str()),
            ("outcome", &filters.outcome),
            ("tenant", &filters.tenant),
            ("from", &filters.from),
            ("to", &filters.to),
            ("cursor", cursor),
        ];
        address("/console/calls", &again)
    });
    let set = [
        &filters.q,
        &filters.outcome,
        &filters.tenant,
        &filters.from,
        &filters.to,
    ];
    page(&CallsPage {
        shell,
        filtered: set.iter().any(|it| !it.is_empty()),
        q: filters.q,
        outcome: filters.outcome,
        outcomes: OUTCOMES,
        tenant: filters.tenant,
        tenants,
        from: filters.from,
        to: filters.to,
        calls: calls.items,
        next,
        emulated: state.emulated(),
    })
}
