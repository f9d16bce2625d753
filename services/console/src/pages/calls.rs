//! The list of calls with its filters.

use actix_web::{HttpResponse, web};
use askama::Template;
use schemars::JsonSchema;
use serde::Deserialize;

use super::days::{begin_of, end_of};
use super::html::{PageError, Shell, page};
use super::listing::Listing;
use super::session::SignedIn;
use super::shapes::Call;
use super::tenants::Tenant;
use crate::state::State;

const OUTCOMES: [&str; 3] = ["answered", "missed", "failed"];

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filters {
    /// A number, or a part of it.
    q: String,
    /// `answered`, `missed` or `failed`.
    outcome: String,
    /// Only this tenant's.
    tenant: String,
    /// From this day on.
    from: String,
    /// Up to this day.
    to: String,
    /// Where the last page ended.
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
    let asked = [
        ("q", filters.q.trim()),
        ("outcome", &filters.outcome),
        ("tenant", &filters.tenant),
        ("from", &from),
        ("to", &to),
        ("limit", "50"),
    ];
    let own = [
        ("q", filters.q.trim()),
        ("outcome", &filters.outcome),
        ("tenant", &filters.tenant),
        ("from", &filters.from),
        ("to", &filters.to),
    ];
    let mut shell = Shell::new(&who.0, "calls", "Calls").live("call.# interview.#");
    let calls = Listing::open(
        &state,
        &mut shell,
        "Calls",
        ("/calls/", &asked),
        ("/console/calls", &own),
        &filters.cursor,
    )
    .await;
    page(&CallsPage {
        shell,
        filtered: calls.filtered,
        q: filters.q,
        outcome: filters.outcome,
        outcomes: OUTCOMES,
        tenant: filters.tenant,
        tenants: calls.tenants,
        from: filters.from,
        to: filters.to,
        calls: calls.items,
        next: calls.next,
        emulated: state.emulated(),
    })
}
